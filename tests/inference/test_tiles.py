"""Tiles cover every pixel, their weights sum to one, and the region comes first."""

from __future__ import annotations

import numpy as np
import pytest

from dense_transformer.inference.tiles import plan_axis, plan_tiles, reflect


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "starts"),
    [
        (10, 4, 0.25, (0, 3, 6)),
        (10, 4, 0.0, (0, 3, 6)),
        (12, 4, 0.0, (0, 4, 8)),
        (12, 4, 0.5, (0, 2, 4, 6, 8)),
        (100, 100, 0.25, (0,)),
        (101, 100, 0.25, (0, 1)),
        (5, 8, 0.25, (-1,)),
        (1, 16, 0.25, (-7,)),
    ],
)
def test_plans_are_those_made_by_hand(length, tile, overlap, starts):
    assert plan_axis(length, tile, overlap).starts == starts


LENGTHS = [1, 2, 15, 31, 32, 33, 34, 63, 64, 65, 97, 224, 1000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.25, 0.5, 0.75])
def test_weights_of_every_pixel_sum_to_one(length, overlap):
    axis = plan_axis(length, 32, overlap)
    for scale in (1.0, 0.37, 2.9):  # units of the grid per pixel
        n = max(1, round(length * scale))
        positions = (np.arange(n) + 0.5) * (length / n) - 0.5
        total = np.zeros(n)
        for share in axis.shares(positions):
            assert share.weights.min() >= 0
            total[share.low : share.high] += share.weights
        assert np.abs(total - 1).max() < 2e-7


@pytest.mark.parametrize("length", [33, 50, 64, 100, 1000])
@pytest.mark.parametrize("overlap", [0.25, 0.5, 0.75])
def test_neighbouring_tiles_overlap_at_least_as_asked(length, overlap):
    starts = plan_axis(length, 32, overlap).starts
    assert starts[0] == 0
    assert starts[-1] + 32 == length
    assert np.diff(starts).max() <= round(32 * (1 - overlap))


def test_a_weight_fades_to_nothing_where_its_tile_ends():
    axis = plan_axis(1000, 64, 0.25)
    positions = np.arange(1000.0)
    for index, share in enumerate(axis.shares(positions)):
        steps = np.abs(np.diff(share.weights))
        assert steps.max() < 0.12  # sin^2 over 16 px: at most pi / 32 a pixel
        if index > 0:
            assert share.weights[0] < 0.01
        if index < len(axis.starts) - 1:
            assert share.weights[-1] < 0.01
    assert axis.shares(positions)[0].weights[0] == 1.0  # the image's own border


def test_the_region_comes_first_and_no_tile_is_left_out():
    plan = plan_tiles((300, 400), (64, 64), 0.25)
    order = plan.order((150, 100, 180, 140))
    assert sorted(order) == plan.order()
    meets = [
        plan.box(*t)[0] < 180
        and plan.box(*t)[2] > 150
        and plan.box(*t)[1] < 140
        and plan.box(*t)[3] > 100
        for t in order
    ]
    first = sum(meets)
    assert 0 < first < len(order)
    assert meets == [True] * first + [False] * (len(order) - first)


def test_a_region_beside_the_image_changes_nothing():
    plan = plan_tiles((300, 400), (64, 64), 0.25)
    assert plan.order((1000, 1000, 1200, 1200)) == plan.order()


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_positions_beyond_the_image_mirror_as_numpy_pads(length):
    pixels = np.arange(length)
    padded = np.pad(pixels, (20, 23), mode="reflect")
    found = pixels[reflect(np.arange(-20, length + 23), length)]
    np.testing.assert_array_equal(found, padded)
