"""Grid and arrows lie where the warp reads."""

from __future__ import annotations

import numpy as np
import pytest
from known_warps import affine, image_px, make_warp, shift
from numpy.testing import assert_allclose

from dense_transformer.inspection import (
    Chain,
    displacement,
    fiducial_arrows,
    grid_lines,
)

ASIDE = (40, 24, 104, 120)


def test_the_grid_at_rest_is_the_tiles_frame_and_straight_lines_within():
    lines = grid_lines(Chain((make_warp(shift(0, 0), 3, ASIDE),)), spacing=16)
    assert_allclose(lines.reshape(-1, 2).min(0), [39.5, 23.5])
    assert_allclose(lines.reshape(-1, 2).max(0), [103.5, 119.5])
    along = np.abs(lines[:, 1] - lines[:, 0])
    assert (along.min(1) < 1e-9).all()
    level = lines[along[:, 0] < 1e-9]  # these run along x
    rows = np.unique(level[:, 0, 0].round(6))
    assert_allclose(rows, 39.5 + 16 * np.arange(5))


def test_the_grid_is_moved_and_stretched_with_the_warp():
    still = grid_lines(Chain((make_warp(shift(0, 0)),)))
    moved = grid_lines(Chain((make_warp(shift(1, -2)),)))
    assert_allclose(moved - still, np.broadcast_to([4, -8], still.shape))
    half = grid_lines(Chain((make_warp(affine([[0.5, 0], [0, 0.5]], (7.5, 11.5))),)))
    middle = image_px([7.5, 11.5], (16, 24))
    assert_allclose(half - middle, (still - middle) / 2, atol=1e-9)


def test_pieces_join_from_line_to_line_end():
    lines = grid_lines(Chain((make_warp(shift(0, 0)),)), spacing=1000)
    assert len(lines) == 2 * 25 + 2 * 17  # two lines each way, a piece per unit
    for start, pieces in ((0, 25), (50, 17)):
        line = lines[start : start + pieces]
        assert_allclose(line[1:, 0], line[:-1, 1])


@pytest.mark.parametrize("scale", [(1.0, 1.0), (2.0, 0.5)])
def test_arrows_start_in_the_middles_of_equal_parts_and_end_where_is_read(scale):
    chain = Chain((make_warp(shift(1.5, -0.5), 3, ASIDE, scale),))
    arrows = displacement(chain, count=(4, 3))
    parts = (np.mgrid[:4, :3].reshape(2, -1).T + 0.5) / [4, 3] * [64, 96]
    assert_allclose(arrows.start_px, (parts + ASIDE[:2]) * scale - 0.5)
    moved = np.array([6, -2]) * scale
    assert_allclose(arrows.shift_px, np.tile(moved, (12, 1)))
    assert_allclose(arrows.length_px, np.hypot(*moved))


def test_fiducial_arrows_of_nested_pairs_end_in_the_image():
    chain = Chain((make_warp(shift(4, 0), 2), make_warp(shift(0, 1), 4)))
    deep = fiducial_arrows(chain)
    warp = chain.warp(4)
    assert_allclose(deep.start_px, warp.to_image_px(warp.lattice))
    assert_allclose(deep.shift_px, np.tile([8, 8], (4, 1)))
    assert_allclose(fiducial_arrows(chain, 2).shift_px, np.tile([8, 0], (4, 1)))
