"""Fiducials go where they are dragged, and every step can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import CONFIG, image_of, model_of, moving_dtn

from dense_transformer.config import TransformerConfig
from dense_transformer.errors import ConfigError, DataError
from dense_transformer.inspection import (
    Chain,
    EditHistory,
    Inspector,
    move_fiducial,
    offset_bound,
    rewarp,
)
from dense_transformer.types import Warp, WarpEdit

FAMILIES = ("translation", "attention", "affine", "projective", "tps")


def look_at(levels=(2,), family="tps", tile=4, **about):
    model = model_of(moving_dtn(levels, family), **about)
    image = image_of(pixel_nm=(4.0, 4.0) if about else None)
    inspector = Inspector(model, image, CONFIG)
    return inspector, inspector.look(tile)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_dragged_fiducial_is_where_it_was_dragged(family):
    inspector, look = look_at(family=family)
    (warp,) = look.warps
    index = 6
    to_px = warp.to_image_px(warp.fiducials)[index] + np.array([2.5, -1.5])
    edit = move_fiducial(warp, index, tuple(to_px))
    assert (edit.level, edit.tile_px) == (2, inspector.tiles_px[4])
    (moved,) = inspector.look(4, (edit,)).warps
    there = moved.to_image_px(moved.fiducials)
    np.testing.assert_allclose(there[index], to_px, atol=1e-4)
    if family == "tps":  # and no other has moved
        others = np.delete(np.arange(16), index)
        before = warp.to_image_px(warp.fiducials)
        np.testing.assert_allclose(there[others], before[others], atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES[:3])
def test_the_others_move_least(family):
    """No other parameters that put the fiducial there leave the others nearer."""
    _, look = look_at(family=family)
    (warp,) = look.warps
    start = warp.to_image_px(warp.fiducials)
    target = start[0] + np.array([3.0, 2.0])
    edit = move_fiducial(warp, 0, tuple(target))

    def cost(theta):
        there = rewarp(warp, WarpEdit(2, theta=theta)).fiducials
        px = warp.to_image_px(there.astype(float))
        return np.square(px - start)[1:].sum() + 1e6 * np.square(px[0] - target).sum()

    best = cost(edit.theta)
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = edit.theta + rng.normal(0, 0.02, edit.theta.shape).astype(np.float32)
        assert cost(other) > best - 1e-3 * best


def test_a_resampled_image_is_dragged_in_its_own_pixels():
    inspector, look = look_at(tile=0, pixel_nm=(8.0, 8.0))
    (warp,) = look.warps
    assert warp.image_scale == (2.0, 2.0)
    to_px = warp.to_image_px(warp.fiducials)[5] + np.array([4.0, 3.0])
    edit = move_fiducial(warp, 5, tuple(to_px))
    (moved,) = inspector.look(0, (edit,)).warps
    np.testing.assert_allclose(moved.to_image_px(moved.fiducials)[5], to_px, atol=1e-3)


def test_a_nested_fiducial_goes_where_it_is_drawn():
    inspector, look = look_at(levels=(1, 2))
    chain = Chain(look.warps)
    to_px = chain.fiducials_px(2)[5] + np.array([2.0, 1.0])
    edit = move_fiducial(chain.warp(2), 5, tuple(to_px), chain=chain)
    after = Chain(inspector.look(4, (edit,)).warps)
    np.testing.assert_allclose(after.fiducials_px(2)[5], to_px, atol=1e-3)
    plain = move_fiducial(chain.warp(2), 5, tuple(to_px))
    assert not np.allclose(plain.theta, edit.theta, atol=1e-3)


def test_where_nothing_is_read_nothing_moves():
    _, look = look_at(levels=(1, 2))
    chain = Chain(look.warps)
    edit = move_fiducial(chain.warp(2), 5, (-500.0, 3.0), chain=chain)
    np.testing.assert_array_equal(edit.theta, chain.warp(2).theta)


def test_a_bound_holds_what_the_network_could_have_learned():
    _, look = look_at()
    (warp,) = look.warps
    bound = offset_bound(TransformerConfig(level=2))
    edit = move_fiducial(warp, 0, (400.0, 400.0), bound=bound)
    np.testing.assert_allclose(edit.theta[:2], bound, rtol=1e-6)
    far = move_fiducial(warp, 0, (1e9, 1e9))
    assert far.theta.max() == 2.0


def test_a_plane_stays_in_front_of_the_viewer():
    _, look = look_at(family="projective")
    edit = move_fiducial(look.warps[0], 0, (1e4, -1e4))
    assert np.abs(edit.theta[6:]).sum() < 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_warp_is_made_again_without_the_network_bit_for_bit(family):
    inspector, look = look_at(levels=(1, 2), family=family)
    for warp in look.warps:
        theta = warp.theta * 0.7 + np.float32(0.01)
        edit = WarpEdit(warp.level, 0.9, theta)
        alone = rewarp(warp, edit)
        seen = inspector.look(4, (edit,)).warps[warp.level - 1]
        for name in ("theta", "lattice", "fiducials", "points", "coverage"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(seen, name))


def test_rewarp_refuses_what_does_not_fit():
    _, look = look_at()
    (warp,) = look.warps
    with pytest.raises(DataError, match="of one level"):
        rewarp(warp, WarpEdit(3))
    bare = Warp(
        2, "tps", warp.lattice, warp.fiducials, warp.points, warp.coverage,
        warp.tile_px,
    )  # fmt: skip
    with pytest.raises(DataError, match="no parameters"):
        rewarp(bare, WarpEdit(2))
    with pytest.raises(ConfigError, match="0 to 15"):
        move_fiducial(warp, 16, (1.0, 1.0))
    with pytest.raises(ConfigError, match="finite"):
        move_fiducial(warp, 0, (float("nan"), 1.0))


A, B = WarpEdit(2, 0.5), WarpEdit(3, 0.1)
A2 = WarpEdit(2, 0.7)
TILED = WarpEdit(2, 0.2, tile_px=(0, 0, 8, 8))


def test_undo_and_redo_walk_the_states():
    history = EditHistory().do(A).do(B).do(A2)
    assert history.edits == (B, A2)
    assert history.undo().edits == (A, B)
    assert history.undo().undo().undo().undo().edits == ()
    assert history.undo().undo().redo().redo().redo().edits == (B, A2)
    assert not EditHistory().can_undo
    assert history.can_undo
    assert not history.can_redo
    assert history.undo().can_redo


def test_something_new_after_undo_drops_what_was_undone():
    history = EditHistory().do(A).do(B).undo().do(TILED)
    assert history.edits == (A, TILED)
    assert not history.can_redo


def test_a_drag_is_one_thing_to_undo():
    history = EditHistory().do(B)
    history = history.do(A)
    for strength in (0.6, 0.7, 0.8):
        history = history.do(WarpEdit(2, strength), amend=True)
    assert [e.strength for e in history.edits] == [0.1, 0.8]
    assert history.undo().edits == (B,)


def test_reset_takes_away_what_is_asked_and_can_be_undone():
    history = EditHistory().do(A).do(B).do(TILED)
    assert history.reset().edits == ()
    assert history.reset().undo().edits == (A, B, TILED)
    assert history.reset(level=2).edits == (B,)
    assert history.reset(tile_px=TILED.tile_px).edits == (A, B)
    assert EditHistory().reset() == EditHistory() or not EditHistory().can_undo
