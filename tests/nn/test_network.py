"""The network: twin equality, any size, nesting, gradients, refused input."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.errors import ConfigError, DivergedError, ImageError
from dense_transformer.nn import (
    bending_penalty,
    build_network,
    fold_penalty,
    preset,
    preset_names,
)
from dense_transformer.nn.localisation import Centre

T = TransformerConfig
PAIRS = {
    "paper": (T(level=2),),
    "every level": (T(level=1), T(level=2, family="affine"), T(level=3)),
    "absolute": (T(level=2, parametrisation="absolute"),),
    "projective": (T(level=2, family="projective", parametrisation="absolute"),),
    "attention, translation": (
        T(level=1, family="attention"),
        T(level=3, family="translation"),
    ),
    "exact decoder": (T(level=1, decoder="exact"),),
    "nearest": (T(level=2, kernel="nearest"),),
}


def network(pairs=(), **changes):
    config = NetworkConfig(
        depth=changes.pop("depth", 3), base_channels=4, transformers=pairs, **changes
    )
    return build_network(config, seed=1)


def stir(model, strength):
    """Give the localisations weights, so that the warps are no identity."""
    with torch.no_grad():
        for pair in (level.pair for level in model.levels if level.pair):
            generator = torch.Generator().manual_seed(0)
            head = pair.localisation.head.weight
            head.copy_(torch.randn(head.shape, generator=generator) * strength)
    return model


@pytest.mark.parametrize("pairs", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("training", [True, False])
def test_new_dtn_computes_what_its_twin_computes(pairs, training):
    x = torch.randn(2, 1, 37, 52)
    twin, dtn = network().train(training), network(pairs).train(training)
    torch.testing.assert_close(dtn(x), twin(x), atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (3, 2), (61, 100), (64, 64)])
def test_any_image_size_gives_logits_of_that_size(size):
    model = stir(network(PAIRS["every level"]), 5.0).eval()
    logits = model(torch.randn(2, 1, *size))
    assert logits.shape == (2, 2, *size)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("depth", [3, 4, 5, 6])
def test_depth_channels_and_classes_are_free(depth):
    model = network((T(level=depth),), depth=depth, in_channels=3, classes=4).eval()
    assert model(torch.randn(1, 3, 40, 40)).shape == (1, 4, 40, 40)


def test_larger_warped_map_is_brought_back_to_size():
    model = stir(network((T(level=2, resolution=1.5),)), 5.0).eval()
    logits, (warp,) = model.trace(torch.randn(1, 1, 64, 48))
    assert logits.shape == (1, 2, 64, 48)
    assert warp.size == (32, 24)
    assert warp.points_px.shape == (1, 48, 36, 2)


def test_trace_holds_what_forward_computes_and_every_warp():
    model = stir(network(PAIRS["every level"]), 5.0).eval()
    x = torch.randn(2, 1, 32, 32)
    logits, warps = model.trace(x)
    assert torch.equal(logits, model(x))
    assert [w.level for w in warps] == [1, 2, 3]
    assert all((w.fiducials - w.lattice).abs().max() > 1e-3 for w in warps)
    assert not any("warp" in name for name in vars(model))


def test_offsets_stay_bounded_however_large_the_weights():
    model = stir(network((T(level=2, gain=10.0),)), 100.0).eval()
    warp = model.trace(torch.randn(3, 1, 64, 64)).warps[0]
    largest = float((warp.fiducials - warp.lattice).abs().max().detach())
    assert 0.9 * warp.bound[0] < largest <= warp.bound[0] + 1e-6


def test_warps_look_at_the_image():
    model = stir(network((T(level=2),)), 1.0).eval()
    image = torch.randn(1, 1, 64, 64)
    theta = model.trace(torch.cat([image, image.flip(-1), image])).warps[0].theta
    assert float((theta[0] - theta[1]).abs().max().detach()) > 1e-3
    torch.testing.assert_close(theta[0], theta[2])


def test_absolute_coordinates_stay_near_the_unit_frame():
    model = stir(network(PAIRS["absolute"]), 1000.0).eval()
    warp = model.trace(torch.randn(1, 1, 64, 64)).warps[0]
    assert float(warp.fiducials.detach().abs().max()) <= 1 / 0.9 + 1e-6


def test_loss_reaches_every_parameter():
    model = stir(network(PAIRS["every level"]), 1.0).train()
    model(torch.randn(2, 1, 32, 32))[:, 1].square().mean().backward()
    silent = [
        n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()
    ]
    assert silent == []


def test_new_transformer_is_moved_by_the_first_gradient():
    model = network((T(level=2),)).train()
    model(torch.randn(2, 1, 32, 32))[:, 1].square().mean().backward()
    assert model.level(1).pair.localisation.head.weight.grad.abs().max() > 0


def test_parameters_are_parted_into_transformers_and_the_rest():
    dtn, twin = network(PAIRS["every level"]), network()
    special = {id(p) for p in dtn.transformer_parameters()}
    plain = list(dtn.plain_parameters())
    assert not special & {id(p) for p in plain}
    assert len(special) + len(plain) == len(list(dtn.parameters()))
    assert [p.shape for p in plain] == [p.shape for p in twin.parameters()]


def test_penalties_of_known_warps():
    pair = network((T(level=2),)).level(1).pair
    still = pair.make_warp(torch.zeros(1, 32), torch.Size((16, 16)))
    assert float(fold_penalty(still)) == 0.0
    assert float(bending_penalty(still)) == 0.0
    mirrored = (-2 * pair.lattice).reshape(1, -1)  # turns by 180 degrees: no fold
    turned = pair.make_warp(mirrored, torch.Size((16, 16)))
    assert float(fold_penalty(turned)) == pytest.approx(0.0, abs=1e-5)
    flipped = (-2 * pair.lattice * torch.tensor([1.0, 0.0])).reshape(1, -1)
    folded = pair.make_warp(flipped, torch.Size((16, 16)))
    assert float(fold_penalty(folded)) == pytest.approx(1.1, rel=1e-4)  # det = -1
    assert float(bending_penalty(folded)) == pytest.approx(0.0, abs=1e-4)
    bump = torch.zeros(1, 16, 2)
    bump[0, 5, 0] = 0.2
    bent = pair.make_warp(bump.reshape(1, -1), torch.Size((16, 16)))
    assert float(bending_penalty(bent)) > 0.01


def test_round_trip_of_the_identity_loses_nothing():
    model = network((T(level=2),)).eval()
    x = torch.randn(1, 1, 32, 32)
    assert float(model.trace(x, round_trip=True).warps[0].round_trip.detach()) == 0.0
    lost = stir(model, 20.0).trace(x, round_trip=True).warps[0].round_trip
    assert float(lost.detach()) > 1e-4


def test_fiducial_that_is_no_number_stops_before_the_samplers():
    model = network((T(level=2),)).eval()
    model.level(1).pair.localisation.head.weight.data.fill_(float("nan"))
    with pytest.raises(DivergedError, match="level 2"):
        model(torch.randn(1, 1, 32, 32))


def test_autocast_keeps_coordinates_in_float32():
    model = stir(network((T(level=2),)), 5.0).eval()
    x = torch.randn(1, 1, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        warp = model.trace(x).warps[0]
    assert warp.points_px.dtype == warp.fiducials.dtype == torch.float32


@pytest.mark.parametrize("shape", [(1, 2, 8, 8), (1, 1, 0, 8)])
def test_input_that_does_not_fit_is_refused(shape):
    with pytest.raises(ImageError, match="the network takes"):
        network()(torch.zeros(shape))


def test_impossible_configurations_are_refused_with_a_remedy():
    with pytest.raises(ConfigError, match="at most one"):
        NetworkConfig(transformers=(T(level=2), T(level=2)))
    with pytest.raises(ConfigError, match="level 6 of 5"):
        NetworkConfig(transformers=(T(level=6),))
    with pytest.raises(ConfigError, match="at the bottom"):
        NetworkConfig(depth=6, base_channels=256)


def test_presets_are_the_papers():
    assert len([n for n in preset_names() if n.startswith("location")]) == 12
    paper = preset("ijcai19")
    pair = paper.transformers[0]
    assert (paper.depth, paper.base_channels) == (5, 64)
    assert (pair.level, pair.family, pair.lattice) == (4, "tps", (4, 4))
    assert preset("location-d6-none").transformers == ()
    assert preset("location-d6-l5").transformers[0].level == 5
    with pytest.raises(ConfigError, match="location-d4-l2"):
        preset("location-d4-l4")


def test_repeats_are_equal_bit_for_bit():
    model = stir(network(PAIRS["every level"], deterministic=True), 5.0)
    x, found = torch.randn(2, 1, 32, 32), []
    for _ in range(2):
        model.zero_grad()
        model.train()(x)[:, 1].square().mean().backward()
        found.append([p.grad.clone() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("size", [(14, 14), (5, 9), (1, 1), (3, 31)])
def test_cells_are_those_of_adaptive_pooling(size):
    from dense_transformer.nn.localisation import _mean_cells

    x = torch.randn(2, 3, *size)
    expected = torch.nn.functional.adaptive_avg_pool2d(x, (4, 3))
    torch.testing.assert_close(_mean_cells(x, (4, 3)), expected)


def test_centred_theta_has_no_mean_over_images_and_the_running_one_follows():
    centre = Centre(3, momentum=0.5)
    z = torch.tensor([[1.0, 2.0, 3.0], [3.0, 6.0, -3.0]])
    assert torch.equal(centre(z), torch.tensor([[-1.0, -2.0, 3.0], [1.0, 2.0, -3.0]]))
    assert torch.equal(centre.mean, torch.tensor([1.0, 2.0, 0.0]))
    centre.eval()
    assert torch.equal(centre(z[:1]), torch.tensor([[0.0, 0.0, 3.0]]))


def test_batch_of_one_is_centred_by_the_running_mean_in_training_too():
    centre = Centre(1, momentum=0.25)
    assert centre(torch.tensor([[4.0]])).item() == 3.0  # the running mean is 1 now


def test_edited_parameters_are_used_and_what_is_watched_is_in_order():
    network = build_network(NetworkConfig(depth=4, base_channels=2, transformers=(
        TransformerConfig(level=2, family="translation"),
        TransformerConfig(level=3),
    ))).eval()  # fmt: skip
    x = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    seen, got = [], []

    def edit(level: int, theta: Tensor) -> Tensor:
        got.append((level, tuple(theta.shape)))
        return theta + 0.1 if level == 2 else theta

    trace = network.trace(x, edit=edit, watch=lambda *what: seen.append(what[:2]))
    assert got == [(2, (1, 2)), (3, (1, 32))]
    assert torch.allclose(trace.warps[0].theta, torch.full((1, 2), 0.1))
    assert seen == [
        (2, "before"), (2, "warped"), (3, "before"), (3, "warped"),
        (3, "below"), (3, "decoded"), (2, "below"), (2, "decoded"),
    ]  # fmt: skip
    plain = network.trace(x, edit=lambda level, theta: torch.zeros_like(theta))
    assert torch.equal(plain.logits, network(x))  # new: theta is zero anyway
    assert not torch.allclose(trace.logits, plain.logits)
