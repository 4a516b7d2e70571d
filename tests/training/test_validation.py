from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch

from dense_transformer.config import NetworkConfig, TrainConfig
from dense_transformer.data import Pair
from dense_transformer.errors import DivergedError
from dense_transformer.nn import Trace, build_network
from dense_transformer.training.tiling import covered_px, tile_boxes
from dense_transformer.training.validation import validate


class Oracle(torch.nn.Module):
    """Sees a pixel's class in its brightness; one logit step is a factor e."""

    def __init__(self, strength):
        super().__init__()
        self.strength = torch.nn.Parameter(torch.tensor(float(strength)))

    def trace(self, x):
        foreground = self.strength * x[:, 0]
        return Trace(torch.stack([-foreground / 2, foreground / 2], 1), ())


def pair(size, seed=0):
    labels = np.random.default_rng(seed).integers(0, 3, size).astype(np.uint8)
    pixels = np.where(labels == 2, 1.0, -1.0).astype(np.float32)[None]
    return Pair("a", pixels, labels)


def run(work):
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def config(patch=(32, 32), **changes):
    return TrainConfig(patch=patch, batch=3, **changes)


@pytest.mark.parametrize("size", [(1, 1), (7, 90), (32, 32), (33, 64), (100, 75)])
def test_tiles_cover_every_pixel_and_overlap_by_a_quarter(size):
    boxes = tile_boxes(size, (32, 32))
    seen = np.zeros(size, int)
    for top, left, bottom, right in boxes:
        assert (bottom - top, right - left) == (min(32, size[0]), min(32, size[1]))
        seen[top:bottom, left:right] += 1
    assert seen.min() >= 1
    rows = sorted({box[0] for box in boxes})
    assert all(32 - (b - a) >= 8 for a, b in pairwise(rows))


def test_a_network_that_knows_scores_one_and_its_loss_is_known():
    found = run(validate(Oracle(4.0), [pair((50, 70)), pair((20, 90), 1)], config()))
    assert found.scores.auc == found.scores.f1 == 1.0
    # every labelled pixel has the probability 1 / (1 + e^-4)
    assert found.loss == pytest.approx(np.log1p(np.exp(-4)), rel=1e-4)
    assert found.merit == 1.0
    assert found.probability.shape == (50, 70)


def test_ignored_pixels_count_nothing():
    one = pair((40, 40))
    flipped = np.where(one.labels == 0, -one.pixels, one.pixels).astype(np.float32)
    other = Pair("b", flipped, one.labels)
    first, second = (run(validate(Oracle(2.0), [p], config())) for p in (one, other))
    assert first.scores == second.scores
    assert first.loss == second.loss


def test_without_foreground_the_merit_is_the_loss():
    labels = np.ones((20, 20), np.uint8)
    found = run(
        validate(
            Oracle(1.0),
            [Pair("a", np.full((1, 20, 20), -1.0, np.float32), labels)],
            config(),
        )
    )
    assert np.isnan(found.scores.f1)
    assert found.merit == -found.loss


def test_probabilities_that_are_not_finite_are_an_error():
    with pytest.raises(DivergedError, match="probabilities of a are not finite"):
        run(validate(Oracle(float("nan")), [pair((20, 20))], config()))


def test_it_runs_in_evaluation_mode_and_changes_no_statistics():
    network = build_network(NetworkConfig(depth=3, base_channels=2)).train()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    settings = config()
    settings = dataclasses.replace(settings, network=network.config)
    run(validate(network, [pair((40, 40))], settings))
    assert not network.training
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())


@pytest.mark.parametrize("tile", [32, 33, 224, 512])
@pytest.mark.parametrize("least", [1, 100, 384])
def test_as_much_is_covered_as_the_same_tiles_can(tile, least):
    side = covered_px(tile, least)
    tiles = [len(tile_boxes((n, tile), (tile, tile))) for n in (least, side, side + 1)]
    assert side >= least
    assert tiles == [tiles[0], tiles[0], tiles[0] + 1]


def test_four_tiles_of_a_shipped_model():
    assert covered_px(224, 384) == 224 + 168
