"""A look at a tile is what the prediction of that tile is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_models import CONFIG, image_of, model_of, moving_dtn, plain_twin

from dense_transformer.errors import ConfigError, StoppedError
from dense_transformer.inference import predict
from dense_transformer.inspection import Inspector, features
from dense_transformer.types import Image, WarpEdit
from dense_transformer.work import finish


@pytest.fixture(scope="module")
def inspector():
    return Inspector(model_of(moving_dtn()), image_of(), CONFIG)


def whole(inspector, edits=()):
    return finish(inspector.predict(edits))


def test_its_warps_are_those_of_the_prediction(inspector):
    warps = whole(inspector).warps
    assert [w.tile_px for w in warps] == list(inspector.tiles_px)
    for index, warp in enumerate(warps):
        (seen,) = inspector.look(index).warps
        assert np.abs(warp.theta).max() > 0.01
        for name in ("theta", "lattice", "fiducials", "points", "coverage"):
            np.testing.assert_allclose(
                getattr(seen, name), getattr(warp, name), atol=1e-5
            )
    thetas = np.stack([w.theta for w in warps])
    assert thetas.std(0).max() > 0.01  # or the tests below could not fail


def test_where_one_tile_counts_alone_it_is_the_prediction(inspector):
    """The corners of the image belong to one tile each."""
    whole_map = whole(inspector).probability
    for index in (0, len(inspector.tiles) - 1):
        look = inspector.look(index)
        top, left, bottom, right = look.box
        corner = np.s_[:8, :8] if index == 0 else np.s_[-8:, -8:]
        np.testing.assert_allclose(
            look.probability[corner],
            whole_map[top:bottom, left:right][corner],
            atol=1e-5,
        )


def test_an_edited_look_is_the_edited_prediction(inspector):
    theta = np.linspace(-0.2, 0.2, 32).astype(np.float32)
    edits = (WarpEdit(2, theta=theta, tile_px=inspector.tiles_px[0]),)
    expected = whole(inspector, edits).probability[:8, :8]
    learned = inspector.look(0).probability[:8, :8]
    assert np.abs(expected - learned).max() > 1e-4
    look = inspector.look(0, edits)
    np.testing.assert_allclose(look.probability[:8, :8], expected, atol=1e-5)
    np.testing.assert_array_equal(look.warps[0].theta, theta)
    assert inspector.look(0).probability[:8, :8].tolist() == learned.tolist()


def test_edits_one_after_the_other_give_the_same_as_afresh():
    rng = np.random.default_rng(1)
    model, image = model_of(moving_dtn((1, 2))), image_of()
    used = Inspector(model, image, CONFIG)
    for _ in range(6):
        edits = tuple(
            WarpEdit(int(level), theta=rng.normal(0, 0.1, 32).astype(np.float32))
            for level in rng.permutation([1, 2])[: rng.integers(0, 3)]
        )
        tile = int(rng.integers(len(used.tiles)))
        fresh = Inspector(model, image, CONFIG).look(tile, edits)
        np.testing.assert_array_equal(
            used.look(tile, edits).probability, fresh.probability
        )


def test_what_did_not_change_is_not_computed(inspector):
    first = inspector.look(2)
    assert inspector.look(2) is first
    other = WarpEdit(2, strength=0.0, tile_px=inspector.tiles_px[0])
    assert inspector.look(2, (other, WarpEdit(2))) is first
    assert inspector.look(2, (WarpEdit(2, strength=0.5),)) is not first


def test_of_two_edits_the_tiles_own_counts(inspector):
    mine = WarpEdit(2, strength=0.5, tile_px=inspector.tiles_px[1])
    everywhere = WarpEdit(2, strength=0.0)
    one = inspector.look(1, (mine, everywhere))
    two = inspector.look(1, (everywhere, mine))
    np.testing.assert_array_equal(one.warps[0].theta, two.warps[0].theta)
    assert one.warps[0].theta.any()
    assert not inspector.look(0, (mine, everywhere)).warps[0].theta.any()


def test_a_resampled_image_is_looked_at_in_its_own_pixels():
    image = image_of((60, 90), pixel_nm=(4.0, 4.0))
    model = model_of(moving_dtn(), pixel_nm=(8.0, 8.0))
    inspector = Inspector(model, image, CONFIG)
    assert inspector.image_scale == (2.0, 2.0)
    prediction = finish(predict(model, image, CONFIG))
    look = inspector.look(0)
    assert look.box[:2] == (0, 0)
    assert look.probability.shape == (look.box[2], look.box[3])
    np.testing.assert_allclose(
        look.probability[:10, :10], prediction.probability[:10, :10], atol=1e-5
    )
    covered = np.zeros(image.size, int)
    for top, left, bottom, right in inspector.tiles:
        covered[top:bottom, left:right] += 1
    assert covered.min() == 1


def test_an_image_smaller_than_a_tile_is_one_tile():
    inspector = Inspector(model_of(moving_dtn(), (64, 64)), image_of((40, 30)), CONFIG)
    assert inspector.tiles == ((0, 0, 40, 30),)
    assert inspector.tiles_px == ((-12, -17, 52, 47),)
    look = inspector.look(0)
    expected = whole(inspector).probability
    np.testing.assert_allclose(look.probability, expected, atol=1e-5)


def test_the_tile_at_a_place_is_the_one_that_has_it_deepest(inspector):
    for index, (top, left, bottom, right) in enumerate(inspector.tiles):
        middle = (top + bottom - 1) / 2, (left + right - 1) / 2
        assert inspector.tile_at(middle) == index
    assert inspector.tile_at((0, 0)) == 0
    assert inspector.tile_at((-2.0, 5.0)) is None
    assert inspector.tile_at((5.0, 80.5)) is None


def test_sections_and_colours_work():
    rng = np.random.default_rng(0)
    stack = Image(rng.random((3, 40, 40, 3), np.float32), "zyxc", "stack")
    model = model_of(moving_dtn(channels=3))
    looks = [Inspector(model, stack, CONFIG, section).look(0) for section in (0, 2)]
    assert not np.array_equal(looks[0].probability, looks[1].probability)
    assert Inspector(model, stack, CONFIG).pixels(0).shape == (32, 32, 3)


def test_pixels_are_what_the_network_sees(inspector):
    top, left, bottom, right = inspector.tiles[1]
    raw = inspector.image.data[top:bottom, left:right]
    low, high = np.percentile(inspector.image.data, [1, 99])
    seen = np.clip((raw - low) / (high - low), -0.5, 1.5)
    np.testing.assert_allclose(inspector.pixels(1), seen, atol=1e-3)


def test_a_look_can_be_stopped_and_asked_for_again(inspector):
    calls = iter([False, False, True])
    edits = (WarpEdit(2, strength=0.3),)
    with pytest.raises(StoppedError):
        inspector.look(3, edits, stop=lambda: next(calls))
    fresh = Inspector(inspector.model, inspector.image, CONFIG).look(3, edits)
    again = inspector.look(3, edits).probability
    np.testing.assert_array_equal(again, fresh.probability)


def test_the_models_own_network_stays_as_it_is():
    network = moving_dtn()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    Inspector(model_of(network), image_of(), CONFIG).look(0, (WarpEdit(2, 0.0),))
    after = network.state_dict()
    assert all((after[name] == value).all() for name, value in before.items())


@pytest.mark.parametrize("tile", [-1, 6])
def test_a_tile_that_is_not_there_is_refused(inspector, tile):
    with pytest.raises(ConfigError, match="use 0 to 5"):
        inspector.look(tile)


def test_edits_that_do_not_fit_are_refused(inspector):
    for edit, words in [
        (WarpEdit(1), "transformers are at level 2"),
        (WarpEdit(2, tile_px=(0, 0, 5, 5)), "none of which"),
    ]:
        with pytest.raises(ConfigError, match=words):
            inspector.look(0, (edit,))


def test_tiles_are_those_of_the_settings():
    config = replace(CONFIG, tile=(16, 24), overlap=0.5)
    inspector = Inspector(model_of(moving_dtn()), image_of(), config)
    warps = whole(inspector).warps
    assert [w.tile_px for w in warps] == list(inspector.tiles_px)
    assert inspector.look(0).probability.shape == (16, 24)


def test_a_plain_network_can_be_looked_at_too():
    model = model_of(plain_twin(moving_dtn()))
    inspector = Inspector(model, image_of(), CONFIG)
    look = inspector.look(0)
    assert look.warps == () == inspector.levels
    expected = whole(inspector).probability[:8, :8]
    np.testing.assert_allclose(look.probability[:8, :8], expected, atol=1e-5)
    assert inspector.look(0) is look
    inspector.forget()
    assert inspector.look(0) is not look
    with pytest.raises(ConfigError, match="plain U-Net"):
        features(inspector, 0)


def test_a_model_with_a_zoom_is_looked_into_as_it_sees_the_image():
    model = model_of(moving_dtn())
    zoomed = replace(model, card=replace(model.card, zoom=2.0))
    plain, large = (Inspector(m, image_of(), CONFIG) for m in (model, zoomed))
    assert np.divide(plain.image_scale, large.image_scale) == pytest.approx((2, 2))
    assert len(large.tiles) > len(plain.tiles)
