"""What a model begins with: as it is, its negative, the image's statistics."""

from __future__ import annotations

import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_lessons import small_teaching, striped, write_small_model
from torch import nn

from dense_transformer.data import Pair
from dense_transformer.teaching import adaptation
from dense_transformer.teaching.adaptation import (
    LEAST_TRUST,
    Base,
    choose_base,
    trust_in,
)
from dense_transformer.teaching.base_file import read_base, write_base
from dense_transformer.teaching.beginning import training_config
from dense_transformer.teaching.lesson_data import LessonData
from dense_transformer.teaching.renorming import (
    adapt_statistics,
    inverted_copy,
    is_negative,
)
from dense_transformer.teaching.sampling import Spot
from dense_transformer.work import finish
from dense_transformer.zoo import load_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model that finds dark stripes: trained for some seconds."""
    found = load_model(
        write_small_model(tmp_path_factory.mktemp("m") / "m.safetensors")
    )
    network = found.network.train()
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    pixels, truth = pieces()
    for _ in range(60):
        loss = nn.functional.cross_entropy(network(pixels), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    return found


def pieces(change=lambda p: p):
    image, truth = striped()
    cut = [np.s_[y : y + 32, x : x + 32] for y in (0, 32, 64) for x in (0, 32, 64)]
    pixels = np.stack([change(image[at] / 127.5 - 1) for at in cut]).astype(np.float32)
    labels = np.stack([truth[at] for at in cut]).astype(np.int64) - 1
    return torch.from_numpy(pixels[:, None]), torch.from_numpy(labels)


def spots(change=lambda p: p):
    pixels, labels = pieces(change)
    return [
        Spot(Pair(str(i), p.numpy(), (t + 1).numpy().astype(np.uint8)), (0, 0, 32, 32))
        for i, (p, t) in enumerate(zip(pixels, labels, strict=True))
    ]


def chosen(model, change, parent="", **changes):
    teach = small_teaching(**changes)
    places = spots(change)
    data = LessonData(tuple(places), (), tuple(spot.pair for spot in places))
    card = replace(model.card, parent=parent)
    views = SimpleNamespace(
        at={1.0: data}.__getitem__, model=SimpleNamespace(card=card)
    )
    work = choose_base(model.network, views, teach, training_config(teach, model))
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_the_negative_of_an_image_is_predicted_as_the_image(model):
    pixels, _ = pieces()
    network = copy.deepcopy(model.network)
    with torch.no_grad():
        torch.testing.assert_close(
            inverted_copy(network)(-pixels), network(pixels), rtol=0, atol=0
        )


def test_bright_stripes_are_found_by_annotations_alone(model):
    base = chosen(model, lambda p: -p, adapt=False)
    assert base.words == "intensities inverted"
    weight = "levels.0.down1.conv.weight"
    assert torch.equal(
        base.network.state_dict()[weight], -model.network.state_dict()[weight]
    )
    plain = chosen(model, lambda p: -p, adapt=False, invert=False)
    assert plain.words == ""
    assert plain.trust < 0.1 < 0.8 < base.trust


def test_nothing_is_changed_where_the_model_fits(model):
    base = chosen(model, lambda p: p)
    assert base.words == ""
    assert not base.adapted
    assert chosen(model, lambda p: p, parent="small 0123").adapted  # it was taught
    for name, value in model.network.state_dict().items():
        assert torch.equal(value, base.network.state_dict()[name])


def test_measured_statistics_are_those_of_the_windows(model):
    """The first norm's, by hand: mean and variance of what its convolution gives."""
    network = copy.deepcopy(model.network)
    windows, _ = pieces()
    windows = windows[:8]
    adapt_statistics(network, list(windows.numpy()))
    with torch.no_grad():
        batches = [network.level(0).down1.conv(b) for b in windows.split(4)]
    norm = network.level(0).down1.norm
    means = torch.stack([b.mean((0, 2, 3)) for b in batches]).mean(0)
    variances = torch.stack([b.var((0, 2, 3)) for b in batches]).mean(0)
    torch.testing.assert_close(norm.running_mean, means, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, variances, rtol=1e-4, atol=1e-5)
    assert norm.momentum == model.network.level(0).down1.norm.momentum


def test_statistics_of_a_flat_dim_image_help(model):
    """Little contrast on a gray ground: other means and variances in every layer."""

    def dim(pixels):
        return 0.15 * pixels + 0.6

    base = chosen(model, dim, invert=False)
    assert base.words == "statistics of this image"
    assert base.adapted
    pixels, labels = pieces(dim)
    with torch.no_grad():
        old, new = (
            nn.functional.cross_entropy(n.eval()(pixels), labels)
            for n in (copy.deepcopy(model.network), base.network)
        )
    assert new < 0.7 * old


@pytest.mark.parametrize(
    ("auc", "inverted", "sure"),
    [(0.34, 0.99, True), (0.57, 0.66, False), (0.7, 0.85, False), (0.2, 0.75, False),
     (float("nan"), float("nan"), False)],
)  # fmt: skip
def test_only_a_clear_negative_is_taken_for_one(auc, inverted, sure):
    assert is_negative(auc, inverted) is sure


@pytest.mark.parametrize("adapted", [True, False])
def test_what_a_run_begins_with_is_read_as_it_was_written(model, tmp_path, adapted):
    base = Base(model.network, "words", 0.4, 0.9, 2.0, evident=True, adapted=adapted)
    write_base(tmp_path, base, model.card)
    read = read_base(tmp_path, model, torch.device("cpu"), SimpleNamespace(watch=bool))
    for name in ("words", "trust", "merit", "zoom", "evident", "adapted"):
        assert getattr(read, name) == getattr(base, name), name


def test_a_model_is_believed_as_far_as_annotations_agree():
    aucs = (0.1, 0.5, 0.75, 0.875, 1.0, float("nan"))
    found = [trust_in(auc) for auc in aucs]
    assert found == pytest.approx([LEAST_TRUST] * 3 + [0.5, 1, 1])
    assert 0 < LEAST_TRUST < 0.1


def test_of_few_pixels_a_model_is_believed_more_than_they_say():
    """They lie where somebody saw that it is wrong."""
    aucs = (0.1, 0.52, 0.7, 0.9, 1.0, float("nan"))
    found = [trust_in(auc, 1000) for auc in aucs]
    assert found == pytest.approx([LEAST_TRUST, 0.04, 0.4, 0.8, 1, 1])


@pytest.mark.parametrize(
    ("labelled", "after", "changed"),
    [(32, 0.987, True), (12, 0.987, False), (12, 0.991, True)],
)
def test_of_few_pixels_a_change_without_steps_has_to_gain_clearly(
    model, monkeypatch, labelled, after, changed
):
    """AUC of 0.98 before; 8 pieces are judged, of so many labelled rows of 32 px."""

    def judge(network, pairs, config):
        yield from ()
        known = all(
            v.equal(model.network.state_dict()[name])
            for name, v in network.state_dict().items()
        )
        scores = SimpleNamespace(auc=0.98 if known else after)
        return SimpleNamespace(scores=scores, loss=0.1)

    def sparse(pair):
        labels = pair.labels.copy()
        labels[labelled:] = 0
        return Pair(pair.name, pair.pixels, labels)

    places = tuple(Spot(sparse(spot.pair), spot.box) for spot in spots())
    data = LessonData(places, (), tuple(spot.pair for spot in places))
    views = SimpleNamespace(at={1.0: data}.__getitem__, model=model)
    monkeypatch.setattr(adaptation, "judge", judge)
    teach = small_teaching(invert=False, zoom=False)
    base = finish(
        choose_base(model.network, views, teach, training_config(teach, model))
    )
    assert base.words == ("statistics of this image" if changed else "")
