"""The learned patch of a pixel is the area its units were really read from."""

from __future__ import annotations

import numpy as np
import pytest
from known_warps import affine, image_px, make_warp, shift
from numpy.testing import assert_allclose

from dense_transformer.inspection import Chain, learned_patch, patches

MIDDLE = (7.5, 11.5)  # of 16 x 24 units


def chain_of(matrix=((1, 0), (0, 1)), level=3, **more) -> Chain:
    return Chain((make_warp(affine(matrix, MIDDLE), level, **more),))


@pytest.mark.parametrize("scale", [(1.0, 1.0), (2.0, 0.5)])
@pytest.mark.parametrize("tile", [(0, 0, 64, 96), (100, 40, 164, 136)])
def test_without_a_warp_it_is_the_square_of_the_plain_network(scale, tile):
    chain = Chain((make_warp(shift(0, 0), 3, tile, scale),))
    at = tuple((np.array([30.3, 50.0]) + tile[:2] + 0.5) * scale - 0.5)
    patch = learned_patch(chain, at)
    half = 3 * 4 / 2 * np.array(scale)
    assert_allclose(patch.outline_px.min(0), at - half)
    assert_allclose(patch.outline_px.max(0), at + half)
    assert_allclose(patch.square_px[[0, 2]], [at - half, at + half])
    assert_allclose(patch.area_px, 144 * scale[0] * scale[1])
    assert_allclose([patch.area_ratio, patch.outside_share], [1, 0])
    assert_allclose(patch.offset_px, 0, atol=1e-9)
    assert patch.reached
    assert not patch.folded


def test_a_translation_changes_no_patch_as_the_decoder_moves_back():
    chain = Chain((make_warp(shift(1.5, -2.25)),))
    patch = learned_patch(chain, (30.0, 50.0))
    assert_allclose(patch.centre_px, (30, 50))
    assert_allclose(patch.area_ratio, 1)
    assert_allclose(patch.elongation, 1)
    assert np.isnan(patch.orientation_deg)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_reading_at_another_scale_gives_the_square_of_the_scale_in_area(factor):
    patch = learned_patch(chain_of([[factor, 0], [0, factor]]), (31.5, 47.5))
    assert_allclose(patch.area_ratio, factor**2)
    assert_allclose(patch.outline_px.min(0), [31.5 - 6 * factor, 47.5 - 6 * factor])
    assert_allclose(patch.centre_px, (31.5, 47.5))


@pytest.mark.parametrize(
    ("matrix", "long", "degrees"),
    [
        ([[1, 0], [0, 2]], 2.0, 0.0),
        ([[3, 0], [0, 1]], 3.0, 90.0),
        # y runs down: stretched along (down, right), which looks like -45 degrees
        ([[1.5, 0.5], [0.5, 1.5]], 2.0, -45.0),
        ([[1.5, -0.5], [-0.5, 1.5]], 2.0, 45.0),
    ],
)
def test_elongation_and_direction_are_those_of_the_stretch(matrix, long, degrees):
    patch = learned_patch(chain_of(matrix), (31.5, 47.5))
    assert_allclose(patch.elongation, long)
    assert_allclose(abs(patch.orientation_deg), abs(degrees), atol=1e-6)
    if abs(degrees) == 45:
        assert patch.orientation_deg == pytest.approx(degrees)
    assert_allclose(patch.area_ratio, np.linalg.det(matrix))


def test_a_sheared_patch_has_the_corners_of_the_parallelogram():
    matrix = np.array([[1.0, 0.0], [0.5, 1.0]])
    patch = learned_patch(chain_of(matrix), (31.5, 47.5))
    corners = np.array([[-6, -6], [-6, 6], [6, 6], [6, -6]]) @ matrix.T + [31.5, 47.5]
    assert_allclose(patch.outline_px[:: len(patch.outline_px) // 4], corners)


def test_nested_pairs_multiply_their_areas():
    shallow = make_warp(affine([[0.8, 0], [0, 0.9]], (15.5, 23.5)), 2)
    deep = make_warp(affine([[1.0, 0], [0, 0.5]], (3.5, 5.5)), 4)
    chain = Chain((shallow, deep))
    composed = learned_patch(chain, (31.5, 47.5))
    assert composed.level == 4
    assert_allclose(composed.area_ratio, 0.8 * 0.9 * 0.5)
    assert_allclose(composed.elongation, 0.8 / (0.9 * 0.5))
    alone = learned_patch(chain, (31.5, 47.5), level=2)
    assert_allclose(alone.area_ratio, 0.8 * 0.9)
    assert_allclose(alone.square_area_px, 6**2)
    assert_allclose(composed.square_area_px, 24**2)


@pytest.mark.parametrize(("level", "side"), [(1, 5), (5, 80)])
def test_it_is_as_large_as_its_units(level, side):
    tile = (0, 0, 160, 160)
    chain = Chain((make_warp(shift(0, 0), level, tile),))
    patch = learned_patch(chain, (79.5, 79.5), size_units=5)
    assert_allclose(patch.area_px, side**2)


def test_a_larger_warped_map_sees_a_smaller_area_with_as_many_units():
    """31 x 47 units on 16 x 24 lie half as far apart."""
    patch = learned_patch(chain_of(out=(31, 47)), (31.5, 47.5))
    assert_allclose(patch.area_ratio, 0.25)


def test_at_the_border_both_end_where_there_is_nothing_to_read():
    patch = learned_patch(chain_of(), (0.0, 0.0))
    assert_allclose(patch.outline_px.min(0), [-0.5, -0.5])
    assert_allclose(patch.outline_px.max(0), [6, 6])
    assert_allclose(patch.area_ratio, 1)
    assert_allclose(patch.square_area_px, 6.5**2)


def test_outside_the_tile_the_patch_reads_nothing():
    """Moved up by 8 units: the unit that reads row 0 is unit 8, with more above it."""
    chain = Chain((make_warp(shift(-8, 0)),))
    patch = learned_patch(chain, (1.5, 50.0))  # middle of unit 0
    assert patch.reached
    # three units: one above the tile, one at its edge and one within; 5 rows sampled
    assert patch.outline_px.min() < -0.5
    assert patch.outside_share == pytest.approx(2 / 5)


def test_in_a_hole_it_is_the_patch_of_the_nearest_unit_and_says_so():
    chain = chain_of([[0.5, 0], [0, 0.5]])
    patch = learned_patch(chain, (0.0, 47.5))
    assert not patch.reached
    nearest = 7.5 - 7.5 / 2  # unit 0 reads there
    at = image_px([nearest, 11.5], (16, 24))
    assert patch.outline_px[:, 0].min() == pytest.approx(at[0] - 1)  # half of half
    assert patch.outline_px[:, 0].max() == pytest.approx(at[0] + 3)


def test_a_fold_within_the_patch_is_told():
    def turn(units: np.ndarray) -> np.ndarray:
        y = units[..., :1]
        return np.concatenate([np.where(y < 9, y, 18 - y), units[..., 1:]], -1)

    chain = Chain((make_warp(turn),))
    assert learned_patch(chain, tuple(image_px([8.5, 5], (16, 24)))).folded
    assert not learned_patch(chain, tuple(image_px([5.0, 5], (16, 24)))).folded


def test_a_collapsed_warp_has_a_patch_without_area():
    chain = Chain((make_warp(lambda units: np.full_like(units, 5.0)),))
    patch = learned_patch(chain, (30.0, 40.0))
    assert not patch.reached
    assert patch.area_px == 0
    assert np.isnan(patch.elongation)


def test_a_bent_patch_has_the_moments_of_a_raster_of_what_it_reads():
    """Rows are read 0.25 x^2 lower at units x = -1, 0, 1 ... and straight between."""

    def bend(units: np.ndarray) -> np.ndarray:
        return units + np.stack(
            [0.25 * (units[..., 1] - 11) ** 2, 0 * units[..., 1]], -1
        )

    chain = Chain((make_warp(bend, 1, (0, 0, 16, 24)),))
    patch = learned_patch(chain, (7.0, 11.0))
    y, x = np.mgrid[-1.5:1.5:601j, -1.5:1.5:601j].reshape(2, -1)
    lower = np.interp(x, [-2, -1, 0, 1, 2], [1, 0.25, 0, 0.25, 1])
    read = np.stack([y + lower, x])
    values = np.linalg.eigvalsh(np.cov(read))
    assert patch.area_px == pytest.approx(9)
    assert patch.elongation == pytest.approx(np.sqrt(values[1] / values[0]), rel=0.02)
    assert patch.centre_px == pytest.approx(read.mean(1) + np.array([7, 11]), abs=0.02)


def test_results_are_plain_and_read_only():
    patch = learned_patch(chain_of(), (20.0, 20.0))
    assert type(patch.area_px) is float
    assert type(patch.centre_px[0]) is float
    assert not patch.outline_px.flags.writeable
    assert not patch.square_px.flags.writeable


def test_an_edge_has_pieces_enough_to_bend_in_large_patches():
    patch = learned_patch(chain_of(), (30.0, 40.0), size_units=14)
    assert len(patch.outline_px) == 4 * 28
    small = learned_patch(chain_of(), (30.0, 40.0), size_units=1)
    assert len(small.outline_px) == 4 * patches.LEAST_PIECES
