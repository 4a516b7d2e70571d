"""Edited warps do to a prediction what the equations say, tile by tile."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_networks import image_of, model_of, tiny_dtn

from dense_transformer.config import NetworkConfig, PredictConfig, TransformerConfig
from dense_transformer.errors import ConfigError
from dense_transformer.inference import predict
from dense_transformer.nn import build_network
from dense_transformer.types import WarpEdit
from dense_transformer.work import finish

CONFIG = PredictConfig(device="cpu", batch=3)
COUNT = 32  # parameters of a 4 x 4 spline


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).random((48, 80), dtype=np.float32)


def run(network, pixels, edits=()):
    return finish(predict(model_of(network), image_of(pixels), CONFIG, edits=edits))


def nested_dtn():
    """Return a network whose warps depend on what it sees, well within bounds."""
    pairs = tuple(
        TransformerConfig(level=level, localisation_channels=4) for level in (1, 2)
    )
    config = NetworkConfig(depth=3, base_channels=4, transformers=pairs)
    network = build_network(config).eval()
    generator = torch.Generator().manual_seed(0)
    for index in (0, 1):
        head = network.level(index).pair.localisation.head
        head.weight.data.normal_(0, 2.0, generator=generator)
    return network


def test_no_edits_and_edits_that_change_nothing_give_the_same_bits(pixels):
    network = tiny_dtn()
    plain = run(network, pixels)
    for edits in [(), (WarpEdit(2),), (WarpEdit(2, theta=None, strength=1.0),)]:
        other = run(network, pixels, edits)
        np.testing.assert_array_equal(other.probability, plain.probability)


def test_its_own_parameters_as_edits_give_the_same_bits(pixels):
    network = nested_dtn()
    plain = run(network, pixels)
    edits = [WarpEdit(w.level, theta=w.theta, tile_px=w.tile_px) for w in plain.warps]
    np.testing.assert_array_equal(
        run(network, pixels, edits).probability, plain.probability
    )


def test_no_strength_is_the_network_with_identity_warps(pixels):
    network = tiny_dtn()
    none = run(network, pixels, (WarpEdit(2, strength=0.0),))
    for parameter in network.level(1).pair.localisation.head.parameters():
        parameter.data.zero_()
    np.testing.assert_array_equal(none.probability, run(network, pixels).probability)
    assert not np.array_equal(none.probability, run(tiny_dtn(), pixels).probability)
    for warp in none.warps:
        np.testing.assert_array_equal(warp.fiducials, warp.lattice)


def test_theta_holds_the_offsets_of_the_fiducials(pixels):
    """A spline's theta is the offsets in the level's frame: 15/16 units of a tile's."""
    for warp in run(tiny_dtn(), pixels).warps:
        assert warp.theta.shape == (COUNT,)
        moved = warp.theta.reshape(-1, 2) * (15 / 2)  # level units: 16 of them
        tile = (warp.fiducials - warp.lattice) * (31 / 2)  # network px: 32
        np.testing.assert_allclose(2 * moved, tile, atol=1e-5)
        assert np.abs(tile).max() > 0.1


def test_strength_scales_a_splines_offsets(pixels):
    learned, half = (run(tiny_dtn(), pixels, (WarpEdit(2, s),)) for s in (1.0, 0.5))
    for a, b in zip(learned.warps, half.warps, strict=True):
        np.testing.assert_array_equal(b.theta, a.theta / 2)


def test_an_edit_of_a_tile_changes_that_tile_only(pixels):
    network = tiny_dtn()
    plain = run(network, pixels)
    tile = plain.warps[-1].tile_px
    edited = run(network, pixels, (WarpEdit(2, strength=0.0, tile_px=tile),))
    changed = np.nonzero(edited.probability != plain.probability)
    assert changed[0].size
    assert changed[0].min() >= tile[0]
    assert changed[1].min() >= tile[1]
    for a, b in zip(plain.warps[:-1], edited.warps[:-1], strict=True):
        np.testing.assert_array_equal(a.theta, b.theta)


def test_an_edit_of_a_tile_goes_before_one_of_all(pixels):
    network = tiny_dtn()
    plain = run(network, pixels)
    tile = plain.warps[0].tile_px
    mine = np.full(COUNT, 0.03, np.float32)
    edits = [WarpEdit(2, theta=mine, tile_px=tile), WarpEdit(2, strength=0.0)]
    for order in (edits, edits[::-1]):
        result = run(network, pixels, order)
        np.testing.assert_array_equal(result.warps[0].theta, mine)
        assert not any(w.theta.any() for w in result.warps[1:])


def test_deeper_pairs_look_at_the_edited_space(pixels):
    network = nested_dtn()
    plain = run(network, pixels)
    moved = np.tile(np.float32([0.1, -0.1]), 16)
    edited = run(network, pixels, (WarpEdit(1, theta=moved),))
    for before, after in zip(plain.warps, edited.warps, strict=True):
        assert before.level == after.level
        assert np.abs(before.theta - after.theta).max() > 1e-3


def test_what_tile_is_read_does_not_depend_on_the_batch(pixels):
    """Each tile of a batch gets its own edit, as the network alone would do it."""
    network = tiny_dtn()
    plain = run(network, pixels)
    boxes = [w.tile_px for w in plain.warps]
    rng = np.random.default_rng(3)
    thetas = rng.normal(0, 0.03, (len(boxes), COUNT)).astype(np.float32)
    edits = [
        WarpEdit(2, theta=theta, tile_px=box)
        for theta, box in zip(thetas, boxes, strict=True)
    ]
    for warp, theta in zip(run(network, pixels, edits).warps, thetas, strict=True):
        np.testing.assert_array_equal(warp.theta, theta)


def test_a_projective_plane_is_not_driven_through_infinity(pixels):
    pair = TransformerConfig(level=2, family="projective")
    config = NetworkConfig(depth=3, base_channels=2, transformers=(pair,))
    theta = np.float32([0, 0, 0, 0, 0, 0, 0.8, 0.9])
    result = run(build_network(config).eval(), pixels, (WarpEdit(2, theta=theta),))
    steep = result.warps[0].theta[6:]
    assert np.isclose(np.abs(steep).sum(), 0.95)
    np.testing.assert_allclose(steep[0] / steep[1], 8 / 9, rtol=1e-6)
    assert np.isfinite(result.probability).all()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (WarpEdit(3), "transformers are at level 2"),
        (WarpEdit(2, strength=float("nan")), "finite number"),
        (WarpEdit(2, theta=np.zeros(7)), "takes 32 finite numbers"),
        (WarpEdit(2, theta=np.full(32, np.inf)), "takes 32 finite numbers"),
        (WarpEdit(2, tile_px=(0, 0, 31, 31)), "none of which is that"),
    ],
)
def test_edits_that_do_not_fit_are_refused(pixels, edit, words):
    with pytest.raises(ConfigError, match=words):
        run(tiny_dtn(), pixels, (edit,))


def test_two_edits_of_one_tile_are_refused(pixels):
    with pytest.raises(ConfigError, match="two edits"):
        run(tiny_dtn(), pixels, (WarpEdit(2), WarpEdit(2, strength=0.5)))


def test_a_plain_network_takes_no_edits(pixels):
    config = NetworkConfig(depth=3, base_channels=2)
    with pytest.raises(ConfigError, match="plain U-Net"):
        run(build_network(config), pixels, (WarpEdit(1),))
