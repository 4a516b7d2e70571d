"""Density: how much area a cell reads, where it turns over, how often it is read."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_warps import affine, grid, image_px, make_warp, shift
from numpy.testing import assert_allclose

from dense_transformer.geometry import jacobian_determinant
from dense_transformer.inspection import Chain, density

ASIDE = (40, 24, 104, 120)
MIDDLE = (7.5, 11.5)


def fold(units: np.ndarray) -> np.ndarray:
    """Rows 0-9 read 0-9, rows 10-15 come back: 8, 7 ... 3."""
    y = units[..., :1]
    return np.concatenate([np.where(y < 9.5, y, 18 - y), units[..., 1:]], -1)


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("scale", [(1.0, 1.0), (2.0, 0.5)])
def test_a_translation_stretches_nothing_and_moves_all_alike(level, scale):
    found = density(make_warp(shift(1, -2), level, ASIDE, scale))
    unit_px = 2 ** (level - 1)
    assert_allclose(found.log_jacobian, 0, atol=1e-9)
    assert_allclose(
        found.magnitude_px, unit_px * np.hypot(scale[0], 2 * scale[1]), rtol=1e-9
    )
    assert found.folded_share == 0
    assert found.folded_px.shape == (0, 4, 2)


@pytest.mark.parametrize("out", [(16, 24), (31, 47), (8, 12)])
def test_magnifying_by_two_quarters_the_area_whatever_the_size_of_the_map(out):
    found = density(make_warp(affine([[0.5, 0], [0, 0.5]], MIDDLE), out=out))
    assert found.log_jacobian.shape == (out[0] - 1, out[1] - 1)
    assert_allclose(found.log_jacobian, np.log(0.25))
    centre = np.array(found.magnitude_px.shape) // 2
    if out == (31, 47):
        assert found.magnitude_px[tuple(centre)] == pytest.approx(0, abs=1e-9)
    corner = np.hypot(7.5 / 2 * 4, 11.5 / 2 * 4)
    assert found.magnitude_px[0, 0] == pytest.approx(corner)


def test_the_folded_cells_are_those_that_turn_over_and_where_they_read():
    warp = make_warp(fold, tile_px=ASIDE)
    found = density(warp)
    expected = np.zeros((15, 23), bool)
    expected[9:] = True  # between rows 9 and 10 it turns: 9 -> 8
    np.testing.assert_array_equal(found.folded, expected)
    np.testing.assert_array_equal(np.isnan(found.log_jacobian), expected)
    assert found.folded_share == pytest.approx(6 / 15)
    assert len(found.folded_px) == 6 * 23
    corners = image_px([[9, 0], [9, 1], [8, 1], [8, 0]], (16, 24), ASIDE)
    assert_allclose(found.folded_px[0], corners)


def test_folds_are_those_of_the_determinant_of_the_geometry():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.4, (16, 24, 2))
    warp = make_warp(lambda units: units + (noise if units.ndim == 3 else 0))
    points = torch.from_numpy(warp.points.copy())[None]
    folded = (jacobian_determinant(points) <= 0)[0].numpy()
    assert 0.01 < folded.mean() < 0.5
    np.testing.assert_array_equal(density(warp).folded, folded)


def test_how_often_a_place_is_read_sums_to_the_units_that_read_inside():
    """Rows 3-9 of the fold are read twice, but the turning point once."""
    found = density(make_warp(fold))
    rows = [1] * 3 + [2] * 6 + [1] + [0] * 6
    assert_allclose(found.reads, np.tile(np.array(rows, float)[:, None], 24))
    assert found.reads_frame.pitch_px == (4, 4)
    assert found.reads_frame.origin_px == (1.5, 1.5)


def test_reads_of_nested_pairs_are_counted_in_the_image():
    """Level 2 moves by 4 units = 8 px = one unit of level 4, which adds one more."""
    chain = Chain((make_warp(shift(4, 0), 2), make_warp(shift(1, 0), 4)))
    reads = density(chain).reads
    assert reads.shape == (8, 12)
    assert_allclose(reads[:2], 0, atol=1e-9)
    assert_allclose(reads[2:], 1, atol=1e-9)
    alone = density(chain, level=2).reads
    assert alone.shape == (32, 48)
    assert_allclose(alone[:4], 0, atol=1e-9)


def test_areas_of_nested_pairs_multiply():
    shallow = make_warp(affine([[0.8, 0], [0, 0.9]], (15.5, 23.5)), 2)
    deep = make_warp(affine([[1.0, 0], [0, 0.5]], (3.5, 5.5)), 4)
    chain = Chain((shallow, deep))
    assert_allclose(density(chain).log_jacobian, np.log(0.8 * 0.9 * 0.5))
    assert_allclose(density(deep).log_jacobian, np.log(0.5))


def test_maps_of_cells_and_units_lie_at_rest_in_the_image():
    found = density(make_warp(shift(1, 1), tile_px=ASIDE, scale=(2.0, 1.0)))
    assert found.units_frame.origin_px == pytest.approx(
        tuple(image_px([0, 0], (16, 24), ASIDE, (2.0, 1.0)))
    )
    assert found.units_frame.pitch_px == (8, 4)
    assert found.cells_frame.origin_px == pytest.approx(
        tuple(image_px([0.5, 0.5], (16, 24), ASIDE, (2.0, 1.0)))
    )


def test_a_map_one_unit_wide_has_no_cells():
    found = density(make_warp(shift(0.25, 0), 5, (0, 0, 16, 96)))
    assert found.log_jacobian.shape == (0, 5)
    assert np.isnan(found.folded_share)
    assert_allclose(found.magnitude_px, 4)


def test_a_collapsed_warp_is_all_fold():
    found = density(make_warp(lambda units: np.full_like(units, 5.0)))
    assert found.folded.all()
    assert found.reads.sum() == pytest.approx(grid((16, 24)).size / 2)
