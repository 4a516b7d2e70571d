"""Taking a warp away changes what it should, and the words say no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_models import CONFIG, image_of, model_of, moving_dtn, plain_twin

from dense_transformer.errors import ConfigError, DataError
from dense_transformer.evaluation import score, score_contours
from dense_transformer.inference import predict
from dense_transformer.inspection import (
    ablate,
    ablation_edits,
    at_strength,
    judge,
    measure_change,
)
from dense_transformer.types import Prediction, WarpEdit
from dense_transformer.work import finish

IMAGE = image_of()


@pytest.fixture(scope="module")
def model():
    return model_of(moving_dtn((1, 2)))


@pytest.fixture(scope="module")
def learned(model):
    return finish(predict(model, IMAGE, CONFIG))


def drawn(probability, foreground=0.5):
    probability = np.asarray(probability, np.float32)
    labels = (1 + (probability > foreground)).astype(np.uint8)
    return Prediction(probability, labels, (), (), ("a", "b"), "cpu", "x")


def test_no_warp_is_the_plain_network(model, learned):
    found = finish(ablate(model, IMAGE, CONFIG, before=learned))
    twin = finish(predict(model_of(plain_twin(model.network)), IMAGE, CONFIG))
    np.testing.assert_array_equal(found.after.probability, twin.probability)
    assert found.levels == (1, 2)
    expected = twin.probability - learned.probability
    np.testing.assert_array_equal(found.change.difference, expected)
    assert found.change.mean == pytest.approx(np.abs(expected).mean(), rel=1e-5)
    assert found.change.largest == np.abs(expected).max() > 1e-3


def test_one_level_is_taken_away_alone(model, learned):
    found = finish(ablate(model, IMAGE, CONFIG, before=learned, level=2))
    assert found.levels == (2,)
    for warp in found.after.warps:
        assert warp.theta.any() == (warp.level == 1)


def test_the_mean_is_that_of_the_images_tiles(model, learned):
    found = finish(ablate(model, IMAGE, CONFIG, kind="mean", level=1, before=learned))
    thetas = np.stack([w.theta for w in learned.warps if w.level == 1])
    assert thetas.std(0).max() > 0.01
    for warp in found.after.warps:
        if warp.level == 1:
            np.testing.assert_allclose(warp.theta, thetas.mean(0), atol=1e-7)


def test_another_tiles_warp_is_that_of_the_next(model, learned):
    found = finish(
        ablate(model, IMAGE, CONFIG, kind="other tile", level=1, before=learned)
    )
    before, after = (
        [w.theta for w in p.warps if w.level == 1] for p in (learned, found.after)
    )
    for index, theta in enumerate(after):
        np.testing.assert_array_equal(theta, before[(index + 1) % len(before)])


def test_one_tiles_warp_can_be_given_to_all(learned):
    (edit,) = ablation_edits(learned.warps, "other tile", [2], tile=3)
    assert edit.tile_px is None
    thetas = [w.theta for w in learned.warps if w.level == 2]
    np.testing.assert_array_equal(edit.theta, thetas[3])
    with pytest.raises(ConfigError, match="use 0 to 5"):
        ablation_edits(learned.warps, "other tile", [2], tile=6)


def test_without_the_prediction_it_is_made_first(model, learned):
    steps = []
    found = finish(ablate(model, IMAGE, CONFIG), steps.append)
    np.testing.assert_array_equal(found.before.probability, learned.probability)
    assert (steps[0].done, steps[0].total) == (0, 12)
    assert (steps[-1].done, steps[-1].total) == (12, 12)
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert all(s.part is None for s in steps)
    assert {s.message.split(":")[0] for s in steps} == {"as learned", "with no warp"}


def test_labels_are_scored_before_and_after(model, learned):
    labels = (learned.probability > np.median(learned.probability)) + 1
    labels[:5] = 0
    found = finish(ablate(model, IMAGE, CONFIG, labels=labels, before=learned))
    for judged, prediction in zip(
        found.scores, (found.before, found.after), strict=True
    ):
        pair = [(prediction.probability, labels)]
        assert judged.scores == score(pair, 2)
        assert judged.contours == score_contours(pair, 2)
    assert found.scores[0].scores.auc == 1.0
    assert found.scores[1].scores.auc < 1.0


def test_words_name_what_was_measured(model, learned):
    plain = finish(ablate(model, IMAGE, CONFIG, before=learned))
    assert f"{100 * plain.change.changed_share:.2f} %" in plain.words
    assert "takes labels" in plain.words
    truth = learned.labels
    helped = finish(ablate(model, IMAGE, CONFIG, before=learned, labels=truth))
    assert helped.words.endswith("its own warp helps on this image.")
    truth = plain.after.labels
    worse = finish(ablate(model, IMAGE, CONFIG, before=learned, labels=truth))
    assert worse.words.endswith("does better without its own warp.")


def test_a_network_of_identity_warps_loses_nothing():
    network = moving_dtn()
    network.level(1).pair.localisation.head.weight.data.zero_()
    found = finish(ablate(model_of(network), IMAGE, CONFIG))
    assert found.words == "With no warp at level 2, nothing changes at all."
    assert found.change.changed_share == found.change.mean == 0


def test_the_mean_of_one_tile_is_said_to_be_its_own(model):
    found = finish(ablate(model, image_of((20, 20)), CONFIG, kind="mean"))
    assert found.words.startswith("The image has one tile only")
    assert found.change.largest == 0


def test_what_cannot_be_taken_away_is_refused(model):
    for changes, words in [
        ({"level": 3}, "use 1, 2"),
        ({"kind": "magic"}, "use identity"),
    ]:
        with pytest.raises(ConfigError, match=words):
            finish(ablate(model, IMAGE, CONFIG, **changes))
    with pytest.raises(ConfigError, match="plain U-Net"):
        finish(ablate(model_of(plain_twin(model.network)), IMAGE, CONFIG))
    with pytest.raises(ConfigError, match="one tile only"):
        finish(ablate(model, image_of((20, 20)), CONFIG, kind="other tile"))
    with pytest.raises(DataError, match="labels of"):
        finish(ablate(model, IMAGE, CONFIG, labels=np.ones((3, 3), np.uint8)))


def test_closing_it_ends_the_work(model):
    work = ablate(model, IMAGE, CONFIG)
    next(work)
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)


def test_a_change_is_counted_by_hand():
    first = drawn([[0.1, 0.6], [0.9, 0.4]])
    second = drawn([[0.2, 0.4], [0.9, 0.8]])
    change = measure_change(first, second)
    np.testing.assert_allclose(change.difference, [[0.1, -0.2], [0, 0.4]], atol=1e-7)
    np.testing.assert_array_equal(change.changed, [[False, True], [False, True]])
    assert change.changed_share == 0.5
    assert change.mean == pytest.approx(0.175)
    assert change.largest == pytest.approx(0.4)
    small = replace(first, probability=np.array([[0, 255], [51, 102]], np.uint8))
    difference = measure_change(first, small).difference
    np.testing.assert_allclose(difference, [[-0.1, 0.4], [-0.7, 0]], atol=1e-6)
    with pytest.raises(DataError, match="of one image"):
        measure_change(first, drawn(np.zeros((3, 3))))


def test_judging_takes_labels_of_the_image():
    with pytest.raises(DataError, match="give those of this image"):
        judge(drawn(np.zeros((2, 2))), np.ones((2, 3), np.uint8))


def test_strengths_lead_from_the_plain_network_to_the_learned(model, learned):
    steps = []
    found = finish(
        at_strength(model, IMAGE, (0.0, 0.5, 1.0, 1.5), CONFIG), steps.append
    )
    assert [s.strength for s in found] == [0.0, 0.5, 1.0, 1.5]
    twin = finish(predict(model_of(plain_twin(model.network)), IMAGE, CONFIG))
    np.testing.assert_array_equal(found[0].prediction.probability, twin.probability)
    np.testing.assert_array_equal(found[2].prediction.probability, learned.probability)
    assert found[2].change.largest == 0 < found[1].change.largest
    assert found[3].change.largest > 0
    half = finish(
        predict(model, IMAGE, CONFIG, edits=[WarpEdit(1, 0.5), WarpEdit(2, 0.5)])
    )
    np.testing.assert_array_equal(found[1].prediction.probability, half.probability)
    assert steps[-1].done == steps[-1].total == 4 * 6


def test_strengths_of_one_level_leave_the_others(model, learned):
    (found,) = finish(
        at_strength(model, IMAGE, (0.0,), CONFIG, level=2, learned=learned)
    )
    assert {w.level for w in found.prediction.warps if w.theta.any()} == {1}
    with pytest.raises(ConfigError, match="level 3"):
        finish(at_strength(model, IMAGE, (0.0,), CONFIG, level=3))
    with pytest.raises(ConfigError, match="finite"):
        finish(at_strength(model, IMAGE, (float("inf"),), CONFIG))
