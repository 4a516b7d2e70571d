"""Coverage, holes and what gather then splat loses, on warps worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from known_warps import affine, image_px, make_warp, shift
from numpy.testing import assert_allclose
from scipy.ndimage import map_coordinates

from dense_transformer.errors import DataError
from dense_transformer.inspection import (
    Chain,
    coverage_report,
    level_image,
    round_trip,
)

ASIDE = (40, 24, 104, 120)
RNG = np.random.default_rng(0)


def test_the_identity_covers_everything_once():
    report = coverage_report(make_warp(shift(0, 0)))
    assert_allclose(report.coverage, 1)
    assert not report.holes.any()
    assert report.outlines_px == ()
    assert (report.smallest, report.mean, report.hole_share) == (1, 1, 0)
    assert report.lost_share == 0
    assert report.counts.sum() == 16 * 24
    assert report.counts[10] == 16 * 24  # 1.0 to 1.1
    assert report.edges[10] == pytest.approx(1)


@pytest.mark.parametrize("scale", [(1.0, 1.0), (2.0, 0.5)])
def test_a_translation_leaves_a_strip_open_at_its_border(scale):
    """Down by 1.95 units: rows 0 nothing, row 1 0.05, both holes; row 2 has it all."""
    report = coverage_report(make_warp(shift(1.95, 0), 3, ASIDE, scale))
    assert_allclose(report.coverage[0], 0)
    assert_allclose(report.coverage[1], 0.05, atol=1e-9)
    assert_allclose(report.coverage[2:], 1, atol=1e-9)
    assert report.hole_share == pytest.approx(2 / 16)
    assert_allclose(report.filled[0], 1)
    assert_allclose(report.filled[1], 0.5)  # smoothstep at one half
    assert_allclose(report.filled[2:], 0)
    assert report.lost_share == pytest.approx(1.95 / 16)
    (outline,) = report.outlines_px
    corners = [[-0.5, -0.5], [-0.5, 23.5], [1.5, 23.5], [1.5, -0.5]]
    expected = image_px(corners, (16, 24), ASIDE, scale)
    order = np.lexsort(outline.T), np.lexsort(expected.T)
    assert_allclose(outline[order[0]], expected[order[1]])


def test_magnifying_by_two_covers_the_middle_four_times_and_leaves_the_rest_open():
    report = coverage_report(make_warp(affine([[0.5, 0], [0, 0.5]], (7.5, 11.5))))
    assert report.coverage[6:10, 9:15] == pytest.approx(4)
    assert report.holes[:3].all()
    assert report.lost_share == pytest.approx(0, abs=1e-12)
    assert report.counts[-1] == (report.coverage >= 3.9).sum()
    assert len(report.outlines_px) == 2  # around the open part, and around its island


def test_holes_of_a_deeper_pair_are_outlined_in_the_image():
    """Level 2 moves by 4 units = 8 px: so does all that is drawn for level 4."""
    chain = Chain((make_warp(shift(4, 0), 2), make_warp(shift(1.0, 0), 4)))
    (outline,) = coverage_report(chain).outlines_px
    assert outline[:, 0].min() == pytest.approx(-0.5 + 8)
    assert outline[:, 0].max() == pytest.approx(7.5 + 8)


def test_the_identity_gives_every_map_back():
    values = RNG.normal(size=(3, 16, 24))
    result = round_trip(make_warp(shift(0, 0)), values)
    assert result.largest < 1e-9
    assert_allclose(result.restored, values, atol=1e-9)


def test_a_whole_translation_loses_only_what_leaves_the_map():
    """Down by 2: rows 2-15 come back as they were, 0 and 1 are filled."""
    values = RNG.normal(size=(16, 24))
    result = round_trip(make_warp(shift(2, 0)), values)
    assert_allclose(result.restored[0, 2:], values[2:], atol=1e-9)
    assert_allclose(result.error[2:], 0, atol=1e-9)
    assert (result.error[:2] > 0).any()


def test_half_a_unit_aside_is_the_known_blur():
    """Gather averages neighbours, splat does again: weights 1/4, 1/2, 1/4."""
    values = RNG.normal(size=(16, 24))
    result = round_trip(make_warp(shift(0, 0.5)), values)
    blurred = values[:, :-2] / 4 + values[:, 1:-1] / 2 + values[:, 2:] / 4
    inner = slice(1, -2)  # the last unit reads half of nothing
    assert_allclose(result.restored[0, :, 1:-1][:, inner], blurred[:, inner])
    error = np.abs(blurred - values[:, 1:-1])
    assert_allclose(result.error[:, 1:-1][:, inner], error[:, inner])
    rms = np.sqrt(np.square(result.error).mean())
    assert result.rms == pytest.approx(rms)
    assert result.relative == pytest.approx(rms / values.std())


def test_the_nearest_kernel_loses_nothing_by_a_small_shift():
    values = RNG.normal(size=(16, 24))
    result = round_trip(make_warp(shift(0, 0.25)), values, kernel="nearest")
    # every unit was read as it is, then written to two neighbours, 3/4 and 1/4
    expected = 0.75 * values[:, 1:] + 0.25 * values[:, :-1]
    assert_allclose(result.restored[0, :, 1:], expected)


def test_the_exact_decoder_gives_a_straight_ramp_back():
    ramp = np.add.outer(np.arange(16.0), 2 * np.arange(24.0))
    warp = make_warp(affine([[0.9, 0.05], [0.0, 0.9]], (7.5, 11.5)))
    exact = round_trip(warp, ramp, decoder="exact")
    assert exact.error[3:-3, 3:-3].max() < 1e-6
    assert round_trip(warp, ramp).error[3:-3, 3:-3].max() > 1e-3


def test_a_constant_map_has_no_relative_error():
    assert np.isnan(round_trip(make_warp(shift(0, 0)), np.ones((16, 24))).relative)


def test_the_image_at_a_level_is_the_mean_of_its_pixels():
    chain = Chain((make_warp(shift(1, 1), 3),))
    pixels = RNG.normal(size=(2, 64, 96))
    expected = pixels.reshape(2, 16, 4, 24, 4).mean((2, 4))
    assert_allclose(level_image(chain, pixels), expected)


def test_the_image_at_a_deeper_level_is_read_through_the_shallower_pair():
    chain = Chain((make_warp(shift(0.7, 1.2), 2), make_warp(shift(0, 0), 3)))
    pixels = RNG.normal(size=(64, 96))
    shallow = pixels.reshape(32, 2, 48, 2).mean((1, 3))
    at = np.mgrid[:32, :48] + np.array([0.7, 1.2])[:, None, None]
    padded = np.pad(shallow, 2)  # outside is zero
    warped = map_coordinates(padded, at + 2, order=1)
    expected = warped.reshape(16, 2, 24, 2).mean((1, 3))
    assert_allclose(level_image(chain, pixels)[0], expected, atol=1e-9)


def test_maps_and_pixels_of_another_size_are_refused():
    chain = Chain((make_warp(shift(0, 0)),))
    with pytest.raises(DataError, match=r"\(8, 8\).*\(16, 24\)"):
        round_trip(chain, np.zeros((8, 8)))
    with pytest.raises(DataError, match="64, 96"):
        level_image(chain, np.zeros((64, 64)))


def test_a_larger_warped_map_covers_more_and_loses_nothing_at_rest():
    report = coverage_report(make_warp(shift(0, 0), out=(31, 47)))
    assert report.lost_share == pytest.approx(0, abs=1e-9)
    assert report.mean == pytest.approx(31 * 47 / (16 * 24))
    half = coverage_report(make_warp(shift(8, 0), out=(31, 47)))
    assert half.lost_share == pytest.approx(1 - 7.75 * 2 / 31)
