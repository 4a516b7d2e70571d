"""One step of teaching, against what it must leave alone."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from small_lessons import small_teaching, striped, write_small_model
from torch import nn

from dense_transformer.data import Pair
from dense_transformer.data.patches import Batch
from dense_transformer.errors import StoppedError
from dense_transformer.teaching.adaptation import Base
from dense_transformer.teaching.averaging import mix_weights
from dense_transformer.teaching.beginning import training_config
from dense_transformer.teaching.recalling import recall_of
from dense_transformer.teaching.tuner import Tuner
from dense_transformer.zoo import load_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(write_small_model(tmp_path_factory.mktemp("m") / "m.safetensors"))


def make_tuner(model, trust=1.0, left=1.0, **changes):
    teach = small_teaching(**{"recall": 0.0, "average": 0.0} | changes)
    return Tuner(
        teach,
        training_config(teach, model),
        copy.deepcopy(model.network),
        torch.device("cpu"),
        torch.ones(2),
        trust,
        left,
    )


def batch(count=4, share=1.0):
    pixels, truth = striped()
    tops = [3 * i for i in range(count)]
    cut = np.stack([pixels[t : t + 32, t : t + 32] for t in tops]) / 127.5 - 1
    labels = np.stack([truth[t : t + 32, t : t + 32] for t in tops])
    labels[:, int(share * 32) :] = 0
    return Batch(
        torch.from_numpy(cut[:, None].astype(np.float32)), torch.from_numpy(labels)
    )


def statistics(network):
    return {
        name: value.clone()
        for name, value in network.state_dict().items()
        if "running" in name or "centre" in name or name.endswith("mean")
    }


def test_statistics_stay_bit_for_bit_unless_asked_otherwise(model):
    for frozen in (True, False):
        tuner = make_tuner(model, frozen_statistics=frozen)
        before = statistics(tuner.network)
        for step in range(3):
            tuner.learn(batch(), step)
        after = statistics(tuner.network)
        same = [torch.equal(before[name], after[name]) for name in before]
        assert len(before) >= 10
        assert all(same) if frozen else not any(same[:2])


def test_with_frozen_statistics_training_and_prediction_agree(model):
    """With naive ones, what is trained isn't what predicts."""
    gaps = {}
    for frozen in (True, False):
        tuner = make_tuner(model, frozen_statistics=frozen)
        tuner.set_mode()
        with torch.no_grad():
            trained = tuner.network(batch().pixels)
            predicted = tuner.network.eval()(batch().pixels)
        gaps[frozen] = float((trained - predicted).abs().max())
    assert gaps[True] == 0
    assert gaps[False] > 0.01


def test_a_batch_in_parts_is_the_batch_but_for_rounding(model):
    results = []
    for pieces in (1, 2, 4):
        tuner = make_tuner(model, recall=0.5)
        tuner.pieces = pieces
        report = tuner.learn(batch(share=0.6), 0)
        results.append((report, tuner.network.state_dict()))
    for report, weights in results[1:]:
        assert report.loss == pytest.approx(results[0][0].loss, rel=1e-5)
        assert report.gradient_norm == pytest.approx(
            results[0][0].gradient_norm, rel=1e-4
        )
        for name, value in weights.items():
            torch.testing.assert_close(value, results[0][1][name], rtol=2e-3, atol=2e-5)


def test_what_is_not_annotated_has_no_say(model):
    """Pixels that no convolution carries to an annotated one change nothing."""
    whole = batch(1, share=0.25)
    losses = []
    for labels in (whole.labels, whole.labels * (torch.arange(32).view(1, 32, 1) < 8)):
        losses.append(make_tuner(model).learn(Batch(whole.pixels, labels), 0).loss)
    assert losses[0] == losses[1]
    tuner = make_tuner(model)
    known = whole.labels > 0
    with torch.no_grad():
        tuner.set_mode()
        p = torch.log_softmax(tuner.network(whole.pixels), 1)
    picked = p.gather(1, (whole.labels.long() - 1).clamp_min(0)[:, None])[:, 0]
    assert tuner.learn(whole, 0).terms[0][1] == pytest.approx(
        -float(picked[known].mean()), rel=1e-5
    )


def test_the_pull_leads_back_to_the_start(model):
    start = model.network.state_dict()

    def distance(strength):
        tuner = make_tuner(model, pull=strength, learning_rate=1e-2)
        for step in range(4):
            tuner.learn(batch(), step)
        new = tuner.network.state_dict()
        return sum(float((new[n] - start[n]).square().sum()) for n in start)

    free, pulled, held = (distance(strength) for strength in (0.0, 30.0, 1000.0))
    assert held < pulled < free


def test_recall_counts_what_is_not_annotated_and_is_0_at_the_start(model):
    tuner = make_tuner(model, recall=1.0, learning_rate=1e-2)
    reports = [tuner.learn(batch(share=0.5), step) for step in range(3)]
    terms = [dict(report.terms) for report in reports]
    assert terms[0]["recall"] == pytest.approx(0, abs=1e-6)
    assert terms[2]["recall"] > 1e-5


@pytest.mark.parametrize(
    ("fades", "left", "found"),
    [(True, 0.0, 0.0), (True, 0.5, 0.5), (True, 1.0, 1.0), (False, 0.0, 1.0)],
)
def test_recall_fades_with_the_steps(model, fades, left, found):
    def recalled(step):
        changes = {"recall": 1.0, "steps": 8, "recall_fades": fades}
        tuner = make_tuner(model, 0.8, left, **changes)
        with torch.no_grad():  # what it predicts is no longer what it did first
            for parameter in tuner.network.parameters():
                parameter.mul_(1.1)
        return dict(tuner.learn(batch(share=0.5), step).terms)["recall"]

    whole = recalled(0)
    assert whole > 1e-5
    shares = [recalled(step) / whole for step in (2, 4, 8)]
    assert shares == pytest.approx([1 - done * (1 - found) for done in (0.25, 0.5, 1)])


@pytest.mark.parametrize(
    ("trust", "strokes", "adapted", "found"),
    [
        (0.2, 9, True, (0.2, 0.0)),
        (0.45, 9, False, (0.45, 0.5)),
        (0.8, 9, False, (0.8, 1.0)),
        (0.8, 10, True, (0.8, 1.0)),
        (0.8, 10, False, (0.8, 0.0)),
        (0.2, 10, True, (0.4, 1.0)),  # it is corrected
        (0.2, 10, False, (0.4, 1.0)),
    ],
)
def test_recall_is_left_where_first_predictions_say_what_no_annotations_do(
    trust, strokes, adapted, found
):
    labels = np.zeros((24, 40), np.uint8)
    labels[1:21, 1 : 4 * strokes : 4] = 1
    held_out = [Pair("p", np.zeros((1, 24, 40), np.float32), labels)]
    base = Base(nn.Identity(), "", trust, 0.9, adapted=adapted)
    assert recall_of(base, held_out) == pytest.approx(found)


def test_many_patches_that_a_model_has_wrong_are_believed_more_than_it():
    held_out = [Pair("p", np.zeros((1, 50, 9), np.float32), np.ones((50, 9), np.uint8))]
    base = Base(nn.Identity(), "", 0.1, 0.9, adapted=True)
    assert recall_of(base, held_out * 10) == pytest.approx((0.1, 0.0))
    zoomed = dataclasses.replace(base, zoom=2.0)  # a quarter of the pixels annotated
    assert recall_of(zoomed, held_out * 10) == pytest.approx((0.4, 1.0))


@pytest.mark.parametrize(
    ("parts", "changes", "stays"),
    [
        ("norms", "levels.0.down1.norm.weight", "levels.0.down1.conv.weight"),
        ("decoder", "levels.0.up1.conv.weight", "levels.0.down1.conv.weight"),
        ("not transformers", "levels.0.down1.conv.weight", "levels.1.pair"),
    ],
)
def test_only_the_chosen_parts_learn(model, parts, changes, stays):
    tuner = make_tuner(model, parts=parts)
    for step in range(2):
        tuner.learn(batch(), step)
    old, new = model.network.state_dict(), tuner.network.state_dict()
    assert not torch.equal(old[changes], new[changes])
    kept = [name for name in old if name.startswith(stays)]
    assert kept
    assert all(torch.equal(old[name], new[name]) for name in kept)


@pytest.mark.parametrize("error", [StoppedError("stop"), torch.OutOfMemoryError("oom")])
def test_a_step_that_breaks_off_leaves_everything_as_it_was(model, error):
    tuner = make_tuner(model, frozen_statistics=False)
    tuner.learn(batch(), 0)
    before = copy.deepcopy(tuner.state())

    def fail(module, inputs):
        raise error

    hook = tuner.network.level(0).up2.conv.register_forward_pre_hook(fail)
    with pytest.raises(type(error)):
        tuner.learn(batch(), 1)
    hook.remove()
    after = tuner.state()
    for name, value in before["network"].items():
        assert torch.equal(value, after["network"][name]), name
    report = tuner.learn(batch(), 1)
    assert not report.fault


def test_a_mixture_lies_on_the_line(model):
    start = model.network.state_dict()
    new = copy.deepcopy(model.network)
    with torch.no_grad():
        for parameter in new.parameters():
            parameter.add_(1.0)
    for share in (0.25, 0.5, 1.0):
        mixed = dict(mix_weights(start, new, share).named_parameters())
        for name, parameter in mixed.items():
            torch.testing.assert_close(parameter, start[name] + share)
