"""The image seen through warps, against hand-made warps, scipy and the network."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import map_coordinates
from small_models import CONFIG, image_of, model_of, moving_dtn

from dense_transformer.errors import DataError
from dense_transformer.inspection import Chain, Inspector, reading_px, warped_image
from dense_transformer.inspection.rewarp import make_warp
from dense_transformer.types import Warp

TILE = (0, 0, 32, 48)  # of level 2: 16 x 24 units of 2 px
HALF_PX = np.array([15.0, 23.0])  # half the level's frame, tile px


def warp_of(family, theta, level=2, **changes):
    size = TILE[2] // 2 ** (level - 1), TILE[3] // 2 ** (level - 1)
    return make_warp(
        level, family, (4, 4), theta, size, changes.get("warped", size), TILE
    )


def grid():
    return np.stack(np.mgrid[:32, :48], -1).astype(float)


def noise():
    return np.random.default_rng(0).random((32, 48))


def test_no_warp_gives_the_same_pixels():
    pixels = noise()
    for family, count in [("tps", 32), ("projective", 8)]:
        np.testing.assert_allclose(
            warped_image(warp_of(family, np.zeros(count)), pixels), pixels, atol=1e-5
        )


def test_a_translation_moves_every_pixel():
    theta = np.array([3.0, -5.0]) / HALF_PX
    pixels = noise()
    seen = warped_image(warp_of("translation", theta), pixels)
    np.testing.assert_allclose(seen[:-3, 5:], pixels[3:, :-5], atol=1e-5)
    assert not seen[-2:].any()  # beyond the tile there is nothing
    assert not seen[:, :4].any()


def test_strength_multiplies_a_translation():
    theta = np.array([3.0, -5.0]) / HALF_PX
    for strength in (0.0, 0.5, 1.5, 2.0):
        places = reading_px(warp_of("translation", theta), (32, 48), strength=strength)
        expected = grid() + strength * np.array([3.0, -5.0])
        np.testing.assert_allclose(places, expected, atol=1e-5)


def test_a_magnification_by_two_reads_the_middle_half():
    places = reading_px(warp_of("attention", np.array([-0.5, 0, 0])), (32, 48))
    middle = np.array([15.5, 23.5])
    np.testing.assert_allclose(places, middle + (grid() - middle) / 2, atol=1e-5)


@pytest.mark.parametrize("strength", [1.0, 1.5])
def test_a_spline_is_scipys_at_every_pixel(strength):
    theta = np.random.default_rng(1).normal(0, 0.1, 32).astype(np.float32)
    knots = np.stack(np.meshgrid(*[np.linspace(-1, 1, 4)] * 2, indexing="ij"), -1)
    knots = knots.reshape(-1, 2)
    offsets = theta.astype(float).reshape(-1, 2) * strength
    spline = RBFInterpolator(knots, knots + offsets, kernel="thin_plate_spline")
    # a pixel q is at (q + 0.5) / 2 - 0.5 units, the frame ends at units 0 and n - 1
    frame = ((grid() + 0.5) / 2 - 0.5) / (HALF_PX / 2) - 1
    units = (spline(frame.reshape(-1, 2)).reshape(32, 48, 2) + 1) * HALF_PX / 2
    places = reading_px(warp_of("tps", theta), (32, 48), strength=strength)
    np.testing.assert_allclose(places, (units + 0.5) * 2 - 0.5, atol=2e-5)


def test_the_picture_is_read_as_scipy_reads_it():
    theta = np.random.default_rng(2).normal(0, 0.1, 32)
    warp, pixels = warp_of("tps", theta), noise()
    places = reading_px(warp, pixels.shape)
    expected = map_coordinates(
        pixels, np.moveaxis(places, -1, 0), order=1, mode="constant"
    )
    inside = ((places > 0) & (places < np.array([31, 47]))).all(-1)
    assert 0.5 < inside.mean() < 1
    seen = warped_image(warp, pixels)
    np.testing.assert_allclose(seen[inside], expected[inside], atol=1e-4)


def test_a_level_drawn_at_its_own_size_reads_at_its_points():
    """Pixels as large as units: the places are those that the network used."""
    inspector = Inspector(model_of(moving_dtn()), image_of(), CONFIG)
    (warp,) = inspector.look(0).warps
    places = reading_px(warp, (16, 16))
    network_px = (places + 0.5) * 2 - 0.5
    expected = (warp.points + 1) / 2 * 31
    np.testing.assert_allclose(network_px, expected, atol=1e-4)


def test_nested_warps_are_read_through_each_other():
    inspector = Inspector(model_of(moving_dtn((1, 2))), image_of(), CONFIG)
    chain = Chain(inspector.look(4).warps)
    places = reading_px(chain, (16, 16))
    top, left = inspector.tiles_px[4][:2]
    image_px = (places + 0.5) * 2 - 0.5 + np.array([top, left])
    # the chain goes through level 1's mesh, straight between its units
    known = np.isfinite(image_px).all(-1)
    assert known.mean() > 0.5
    np.testing.assert_allclose(image_px[known], chain.units_px(2)[known], atol=0.1)
    # what isn't known is what level 2 reads beyond level 1's warped map
    tile = (chain.warp(2).points + 1) / 2 * 31
    np.testing.assert_array_equal(known, ((tile >= -0.5) & (tile <= 31.5)).all(-1))
    shallow = reading_px(chain.warps, (32, 32), level=1)
    np.testing.assert_allclose(
        shallow + np.array([top, left]), chain.units_px(1), atol=1e-4
    )
    assert np.nanmax(np.abs(image_px - chain.units_px(1)[::2, ::2])) > 0.5


def test_bytes_and_colours_keep_type_and_shape():
    rng = np.random.default_rng(3)
    warp = warp_of("translation", np.array([2.0, 0.0]) / HALF_PX)
    pixels = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)
    seen = warped_image(warp, pixels)
    assert seen.dtype == np.uint8
    np.testing.assert_array_equal(seen[:-2], pixels[2:])


def test_a_finer_drawing_shows_the_same():
    theta = np.array([3.0, -5.0]) / HALF_PX
    places = reading_px(warp_of("translation", theta), (64, 96))
    twice = np.stack(np.mgrid[:64, :96], -1) + np.array([6.0, -10.0])
    np.testing.assert_allclose(places, twice, atol=1e-5)


def test_what_is_missing_is_refused():
    warp = warp_of("tps", np.zeros(32))
    bare = Warp(
        2, "tps", warp.lattice, warp.fiducials, warp.points, warp.coverage, TILE
    )
    with pytest.raises(DataError, match="no parameters"):
        warped_image(bare, noise())
    with pytest.raises(DataError, match="no warp of level 3"):
        warped_image(warp, noise(), level=3)
