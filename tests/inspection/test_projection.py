"""Maps of warped spaces come to where they belong in the image."""

from __future__ import annotations

import numpy as np
import pytest
from known_warps import affine, grid, image_px, make_warp, shift
from numpy.testing import assert_allclose

from dense_transformer.errors import DataError
from dense_transformer.inspection import Chain, project

ASIDE = (40, 24, 104, 120)


@pytest.mark.parametrize("space", ["units", "input"])
def test_at_rest_a_map_stays_as_it_is(space):
    values = np.random.default_rng(0).normal(size=(16, 24))
    chain = Chain((make_warp(shift(0, 0), 3, ASIDE, (2.0, 1.0)),))
    there, frame = project(chain, values, space=space)
    assert_allclose(there, values, atol=1e-9)
    assert frame.origin_px == tuple(image_px([0, 0], (16, 24), ASIDE, (2.0, 1.0)))
    assert frame.pitch_px == (8, 4)


def test_what_the_warped_map_holds_goes_to_where_it_was_read():
    values = np.arange(16 * 24.0).reshape(16, 24)
    chain = Chain((make_warp(shift(2, 0)),))
    there, _ = project(chain, values)
    assert_allclose(there[2:], values[:-2])
    assert np.isnan(there[:1]).all()  # the mesh reaches half a unit further
    inputs, _ = project(chain, values, space="input")
    assert_allclose(inputs, values)


def test_finer_pictures_are_interpolated_and_lie_in_the_same_place():
    """A ramp of px stays one, whatever the pitch, out to the border of the units."""
    chain = Chain(
        (make_warp(affine([[0.9, 0], [0.1, 1.1]], (7.5, 11.5)), 4, size=(16, 24)),)
    )
    ramp = chain.units_px()
    there, frame = project(chain, ramp, finer=4)
    assert there.shape == (64, 96, 2)
    own = grid((64, 96)) * frame.pitch_px + np.array(frame.origin_px)
    inner = (slice(12, -12), slice(24, -24))
    assert_allclose(there[inner], own[inner], atol=1e-9)


def test_cells_lie_between_units():
    rows = np.tile(np.arange(15.0)[:, None], 23)
    chain = Chain((make_warp(shift(0, 0)),))
    there, _ = project(chain, rows, space="cells")
    assert_allclose(there[1:-1], np.tile(np.arange(0.5, 14)[:, None], 24))


def test_a_deeper_map_comes_through_all_shallower_pairs():
    chain = Chain((make_warp(shift(4, 0), 2), make_warp(shift(0, 1), 4)))
    values = np.arange(8 * 12.0).reshape(8, 12)
    there, frame = project(chain, values)
    assert frame.pitch_px == (8, 8)
    assert_allclose(there[1:, 1:], values[:-1, :-1], atol=1e-9)
    inputs, _ = project(chain, values, space="input")
    assert_allclose(inputs[1:], values[:-1], atol=1e-9)


def test_masks_stay_masks_and_holes_in_values_do_not_spread():
    chain = Chain((make_warp(shift(1, 0)),))
    mask = np.zeros((16, 24), bool)
    mask[3, 5] = True
    there, _ = project(chain, mask)
    assert there.dtype == bool
    assert np.argwhere(there).tolist() == [[4, 5]]
    values = np.where(mask, np.nan, 1.0)
    assert np.argwhere(np.isnan(project(chain, values)[0][1:])).tolist() == [[3, 5]]


def test_a_map_of_another_space_is_refused():
    chain = Chain((make_warp(shift(0, 0), out=(8, 12)),))
    with pytest.raises(DataError, match="units of level 3"):
        project(chain, np.zeros((16, 24)))
    assert project(chain, np.zeros((16, 24)), space="input")[0].shape == (16, 24)
