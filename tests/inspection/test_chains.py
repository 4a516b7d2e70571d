"""A chain maps warped maps to the image and back, through all shallower warps."""

from __future__ import annotations

import numpy as np
import pytest
from known_warps import TILE, affine, grid, image_px, make_warp, shift
from numpy.testing import assert_allclose

from dense_transformer.errors import ConfigError, DataError
from dense_transformer.inspection import Chain, find_chain, tile_chains
from dense_transformer.inspection.mesh import Mesh
from dense_transformer.types import Warp

ASIDE = (40, 24, 104, 120)  # 64 x 96 px, not at the origin


def sway(units: np.ndarray) -> np.ndarray:
    """A smooth warp without folds, with no closed inverse."""
    y, x = units[..., 0], units[..., 1]
    return units + np.stack([0.6 * np.sin(x / 3), 0.5 * np.cos(y / 2) * np.sin(x)], -1)


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("scale", [(1.0, 1.0), (2.0, 0.5)])
def test_the_identity_reads_each_unit_where_it_lies(level, scale):
    warp = make_warp(shift(0, 0), level, ASIDE, scale)
    chain = Chain((warp,))
    size = warp.coverage.shape
    there = image_px(grid(size), size, ASIDE, scale)
    assert_allclose(chain.units_px(), there, atol=1e-9)
    assert_allclose(chain.rest_px(), there, atol=1e-9)
    first = (np.array(ASIDE[:2]) + 2.0 ** (level - 1) / 2) * scale - 0.5
    assert_allclose(chain.units_px()[0, 0], first, atol=1e-9)
    back = chain.from_image_px(there)
    assert_allclose(chain.to_image_px(back), there, atol=1e-9)
    assert_allclose(warp.to_image_px(back), there, atol=1e-9)


@pytest.mark.parametrize("level", [1, 3, 5])
def test_a_translation_moves_every_place_by_its_units(level):
    chain = Chain((make_warp(shift(1.5, -0.5), level, ASIDE, (2.0, 1.0)),))
    unit = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    rest = chain.warps[0].to_image_px(unit)
    moved = chain.to_image_px(unit) - rest
    unit_px = 2 ** (level - 1)
    assert_allclose(moved, np.tile([1.5 * unit_px * 2, -0.5 * unit_px], (50, 1)))


def test_fiducials_lie_where_the_warp_itself_puts_them():
    warp = make_warp(affine([[0.8, 0.1], [0, 1.1]], (7.5, 11.5)), tile_px=ASIDE)
    chain = Chain((warp,))
    assert_allclose(chain.fiducials_px(), warp.to_image_px(warp.fiducials))
    assert_allclose(chain.to_image_px(warp.lattice), chain.fiducials_px(), atol=1e-9)


def nested(scale=(1.0, 1.0)) -> tuple[Chain, np.ndarray, np.ndarray]:
    """Return pairs at levels 2 and 4, and the affine map by hand: px = A i + b.

    i: units of level 4's warped map; 32 x 48 units at level 2, 8 x 12 at level 4.
    """
    a, a0 = np.array([[0.9, 0.1], [-0.05, 1.05]]), np.array([0.7, -0.4])
    b, b0 = np.array([[1.1, -0.2], [0.1, 0.8]]), np.array([0.2, 0.5])
    shallow = make_warp(lambda u: u @ a.T + a0, 2, ASIDE, scale)
    deep = make_warp(lambda u: u @ b.T + b0, 4, ASIDE, scale)
    # level 4 reads b i + b0; its unit j is (j + 0.5) * 4 - 0.5 on level 2's warped map
    linear, constant = 4 * a @ b, a @ ((b0 + 0.5) * 4 - 0.5) + a0
    # level 2's unit k is px ((k + 0.5) * 2 + start) * scale - 0.5
    s = np.array(scale)
    linear, constant = 2 * linear, (constant + 0.5) * 2 + np.array(ASIDE[:2])
    return Chain((deep, shallow)), linear * s[:, None], constant * s - 0.5


@pytest.mark.parametrize("scale", [(1.0, 1.0), (1.5, 0.75)])
def test_nested_pairs_compose_as_two_affine_maps_do_on_paper(scale):
    chain, linear, constant = nested(scale)
    units = grid((8, 12))
    assert chain.levels == (2, 4)
    assert_allclose(chain.units_px(4), units @ linear.T + constant, atol=1e-9)
    between = np.random.default_rng(1).uniform([-0.5, -0.5], [7.5, 11.5], (40, 2))
    there = between @ linear.T + constant
    assert_allclose(chain.units_to_image_px(between, 4), there, atol=1e-9)
    found = chain.image_px_to_units(there, 4)
    ok = np.isfinite(found).all(-1)
    assert ok.sum() > 20
    assert_allclose(found[ok], between[ok], atol=1e-9)


def test_nested_fiducials_go_through_the_shallower_pair():
    chain, linear, constant = nested()
    corners = np.array([[0, 0], [0, 11], [7, 0], [7, 11]])
    assert_allclose(chain.fiducials_px(4), corners @ linear.T + constant, atol=1e-9)


def test_the_shallower_pair_of_two_is_as_if_alone():
    chain, *_ = nested()
    alone = Chain((chain.warp(2),))
    assert_allclose(chain.units_px(2), alone.units_px())


def test_a_deeper_input_map_lies_in_the_warped_space_of_the_shallower_pair():
    """Level 2 moves by 3 units = 6 px, so level 4's input map lies 6 px further."""
    chain = Chain((make_warp(shift(3, 0), 2), make_warp(shift(0, 0), 4)))
    at = np.array([[2.0, 3.0]])
    moved = image_px(at, (8, 12)) + np.array([6, 0])
    assert_allclose(chain.input_to_image_px(at, 4), moved)
    assert_allclose(chain.input_to_image_px(at, 2), image_px(at, (32, 48)))
    assert_allclose(chain.image_px_to_input(moved, 4), at)


def test_what_was_found_reads_the_place_for_warps_without_a_closed_inverse():
    chain = Chain((make_warp(sway, 2, ASIDE), make_warp(sway, 4, ASIDE)))
    px = np.random.default_rng(2).uniform([40, 24], [104, 120], (500, 2))
    for level in chain.levels:
        found = chain.image_px_to_units(px, level)
        ok = np.isfinite(found).all(-1)
        assert ok.mean() > 0.7
        assert_allclose(chain.units_to_image_px(found[ok], level), px[ok], atol=1e-8)


def test_nothing_reads_outside_a_magnified_middle():
    """Magnified by 2, the units read the middle half: from 3.75 to 11.25 of 0..15."""
    warp = make_warp(affine([[0.5, 0], [0, 0.5]], (7.5, 11.5)))
    chain = Chain((warp,))
    edge = 7.5 - 8 / 2  # the outermost unit's border, half a (halved) unit out
    inside = image_px([[edge + 0.01, 11.5], [7.5, 11.5]], (16, 24))
    outside = image_px([[edge - 0.01, 11.5], [0, 0], [15, 23]], (16, 24))
    assert np.isfinite(chain.from_image_px(inside)).all()
    assert np.isnan(chain.from_image_px(outside)).all()


def fold(units: np.ndarray) -> np.ndarray:
    """Rows 0-9 read 0-9, rows 10-15 come back: 8, 7 ... 3."""
    y = units[..., :1]
    return np.concatenate([np.where(y < 9.5, y, 18 - y), units[..., 1:]], -1)


def test_in_a_fold_the_side_that_is_not_turned_over_is_found():
    chain = Chain((make_warp(fold),))
    place = np.array([[6.25, 4.0], [3.5, 20.0]])
    found = chain.image_px_to_units(image_px(place, (16, 24)))
    assert_allclose(found, place, atol=1e-9)  # not 18 - y
    assert (chain.mesh().determinant(np.array([[12.0, 4.0]])) < 0).all()
    assert (chain.mesh().determinant(np.array([[5.0, 4.0]])) > 0).all()


def test_the_determinant_is_that_of_the_matrix_out_to_the_rim():
    matrix = np.array([[0.8, 0.3], [-0.1, 1.2]])
    mesh = Chain((make_warp(affine(matrix.tolist(), (3, 4))),)).mesh()
    at = np.array([[-0.4, 5.0], [3.3, 23.4], [15.2, -0.3], [7.0, 7.0]])
    assert_allclose(mesh.determinant(at), np.linalg.det(matrix), rtol=1e-9)


@pytest.mark.parametrize("out", [(31, 47), (8, 12)])
def test_a_warped_map_of_another_size_rests_with_its_ends_on_the_input_map(out):
    chain = Chain((make_warp(shift(0, 0), tile_px=ASIDE, out=out),))
    ends = [[0, 0], [out[0] - 1, out[1] - 1]]
    corners = image_px([[0, 0], [15, 23]], (16, 24), ASIDE)
    assert_allclose(chain.units_to_image_px(np.array(ends)), corners)
    assert_allclose(chain.units_px(), chain.rest_px(), atol=1e-9)
    lattice = chain.warp().lattice
    assert_allclose(chain.to_image_px(lattice), chain.warp().to_image_px(lattice))


def test_a_pair_below_a_larger_warped_map_lies_on_that_map():
    """16 x 24 units are read by 32 x 48; pooled once, level 4 has 16 x 24 too."""
    shallow = make_warp(shift(1, 0), 3, out=(32, 48))
    deep = make_warp(shift(0, 2), 4, size=(16, 24))
    chain = Chain((shallow, deep))
    at = np.array([4.0, 6.0])
    warped = (at + [0, 2] + 0.5) * 2 - 0.5  # on the shallower warped map
    read = warped * [15 / 31, 23 / 47] + [1, 0]  # at rest ends lie on ends
    assert_allclose(chain.units_to_image_px(at, 4), image_px(read, (16, 24)))
    back = chain.image_px_to_units(image_px(read, (16, 24)), 4)
    assert_allclose(back, at, atol=1e-9)


@pytest.mark.parametrize("size", [(1, 1), (1, 6)])
def test_maps_one_unit_wide_have_an_area_too(size):
    """Level 5 of a tile 16 px high: one row of units of 16 px."""
    tile = (0, 0, 16 * size[0], 16 * size[1])
    chain = Chain((make_warp(shift(0.25, 0), 5, tile),))
    px = np.array([[6.0, 9.0], [16.5, 5.0]])  # the unit reads rows 3.5 to 19.5
    found = chain.image_px_to_units(px)
    assert_allclose(found, (px - [4, 0] + 0.5) / 16 - 0.5)
    assert np.isnan(chain.image_px_to_units(np.array([3.4, 9.0]))).all()


def test_a_collapsed_warp_finds_nothing_and_breaks_nothing():
    chain = Chain((make_warp(lambda units: np.full_like(units, 5.0)),))
    assert np.isnan(chain.from_image_px(np.array([[30.0, 40.0]]))).all()
    assert_allclose(chain.units_px(), np.tile([21.5, 21.5], (16, 24, 1)))


def test_nan_and_empty_places_find_nothing():
    chain = Chain((make_warp(shift(0, 0)),))
    assert np.isnan(chain.from_image_px(np.array([np.nan, 3.0]))).all()
    assert chain.from_image_px(np.empty((0, 2))).shape == (0, 2)


def test_warps_are_sorted_into_tiles_in_the_order_of_the_plan():
    boxes = [(0, 0, 64, 96), (0, 48, 64, 144), (32, 0, 96, 96)]
    warps = [make_warp(shift(0, 0), lv, box) for box in boxes for lv in (4, 2)]
    chains = tile_chains(warps)
    assert [chain.tile_px for chain in chains] == boxes
    assert all(chain.levels == (2, 4) for chain in chains)
    assert chains[1].box_px == (-0.5, 47.5, 63.5, 143.5)


def test_the_tile_that_counts_most_at_a_place_is_the_deepest_around_it():
    boxes = [(0, 0, 64, 96), (0, 48, 64, 144)]
    chains = tile_chains([make_warp(shift(0, 0), 3, box) for box in boxes])
    assert find_chain(chains, (30.0, 60.0)) is chains[0]
    assert find_chain(chains, (30.0, 90.0)) is chains[1]
    assert find_chain(chains, (30.0, 10.0)) is chains[0]
    assert find_chain(chains, (30.0, 200.0)) is None


def test_what_makes_no_chain_is_refused_with_the_reason():
    one = make_warp(shift(0, 0))
    with pytest.raises(DataError, match="no warps"):
        Chain(())
    with pytest.raises(DataError, match="2 tiles"):
        Chain((one, make_warp(shift(0, 0), 4, ASIDE)))
    with pytest.raises(DataError, match=r"levels \[3, 3\]"):
        Chain((one, one))
    bare = Warp(
        3, "affine", one.lattice, one.fiducials,
        np.zeros((0, 0, 2)), np.zeros((0, 0)), TILE,
    )  # fmt: skip
    with pytest.raises(DataError, match="not kept"):
        Chain((bare,))
    with pytest.raises(ConfigError, match="level 2 has no transformer"):
        Chain((one,)).units_px(2)


@pytest.mark.parametrize("seed", range(4))
def test_every_place_in_the_most_crooked_cells_is_found(seed):
    """Four corners anywhere: cells may be bent in, turned over or crossed."""
    rng = np.random.default_rng(seed)
    for _ in range(25):
        mesh = Mesh(rng.uniform(0, 2, (2, 2, 2)), (2, 2))
        places = mesh.read(rng.uniform(-0.5, 1.5, (40, 2)))
        assert_allclose(mesh.read(mesh.find(places)), places, atol=1e-6)
