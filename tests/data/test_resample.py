"""Resampling against Pillow, and where pixels end up."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image as PilImage

from dense_transformer.data import pixel_factor, resample, resample_labels
from dense_transformer.errors import DataError

NOISE = np.random.default_rng(0).normal(0, 1, (2, 60, 81)).astype(np.float32)


@pytest.mark.parametrize("factor", [(0.5, 0.5), (0.31, 0.77), (1.6, 0.4), (2.5, 3.1)])
def test_values_are_those_of_pillow(factor):
    found = resample(NOISE, factor)
    size = round(81 * factor[1]), round(60 * factor[0])
    for channel in range(2):
        expected = PilImage.fromarray(NOISE[channel]).resize(
            size, PilImage.Resampling.BILINEAR
        )
        assert_allclose(found[channel], np.asarray(expected), atol=5e-5)


def test_positions_keep_to_the_edges():
    """p_px becomes (p_px + 0.5) * factor - 0.5."""
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32), (1, 30, 40))
    found = resample(np.ascontiguousarray(ramp), (2.0, 2.0))
    expected = (np.arange(80) + 0.5) / 2 - 0.5
    assert_allclose(found[0, 7, 2:-2], expected[2:-2], atol=1e-5)


def test_detail_finer_than_the_new_pixels_averages_out():
    checks = (np.indices((64, 64)).sum(0) % 2).astype(np.float32)[None]
    assert_allclose(resample(checks, (0.25, 0.25))[0, 2:-2, 2:-2], 0.5, atol=0.02)


def test_same_size_is_the_same_array_and_one_pixel_stays():
    assert resample(NOISE, (1.0, 1.0)) is NOISE
    assert resample(NOISE[:, :1, :1], (0.1, 0.2)).shape == (2, 1, 1)


def test_read_only_input_is_not_touched():
    frozen = NOISE.copy()
    frozen.setflags(write=False)
    resample(frozen, (0.5, 0.5))
    assert_array_equal(frozen, NOISE)


def test_labels_stay_labels_and_blocks_keep_their_place():
    blocks = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    large = blocks.repeat(8, 0).repeat(8, 1)
    assert_array_equal(resample_labels(large, (0.125, 0.125)), blocks)
    assert_array_equal(resample_labels(large, (0.5, 0.5)), large[::2, ::2])
    enlarged = resample_labels(blocks, (8.0, 8.0))
    assert_array_equal(enlarged[4::8, 4::8], blocks)
    assert set(np.unique(enlarged)) == {0, 1, 2}


def test_a_tie_goes_to_the_lower_label_so_ignored_wins():
    pair = np.array([[0, 2], [0, 2]], np.uint8)
    assert_array_equal(resample_labels(pair, (0.5, 0.5)), [[0]])


def test_factor_between_pixel_sizes():
    assert pixel_factor((4.0, 5.0), (8.0, 5.0)) == (0.5, 1.0)
    assert pixel_factor(None, (8.0, 5.0)) == (1.0, 1.0)
    assert pixel_factor((4.0, 5.0), None) == (1.0, 1.0)
    assert pixel_factor((4.6, 4.6), (4.62, 4.6)) == (1.0, 1.0)  # within 1 %


def test_pixel_sizes_that_are_no_lengths_are_refused():
    for wrong in ((0.0, 4.0), (4.0, -1.0), (float("nan"), 4.0), (float("inf"), 4.0)):
        for sizes in ((wrong, (4.0, 4.0)), ((4.0, 4.0), wrong)):
            with pytest.raises(DataError, match="above 0"):
                pixel_factor(*sizes)


@pytest.mark.parametrize("factor", [(1e6, 1.0), (1.0, 1e-6), (float("nan"), 1.0)])
def test_absurd_factors_are_refused(factor):
    with pytest.raises(DataError, match="thousandfold"):
        resample(NOISE, factor)
