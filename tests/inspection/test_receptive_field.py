"""What is drawn is what the network reads: gradients of units against the drawing.

With weights that are all positive and means instead of maxima nothing cancels and
nothing is chosen: a unit's gradient is positive on all that it reads and zero on
all else.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.geometry import cover, to_unit
from dense_transformer.inference.tiles import plan_tiles
from dense_transformer.inference.warps import WarpStore
from dense_transformer.inspection import Chain, learned_patch, margin_px, reach_units
from dense_transformer.nn import DenseTransformerNetwork, TensorWarp, build_network
from dense_transformer.nn import unet as unet_module
from dense_transformer.types import Warp
from dense_transformer.zoo import load_model


@pytest.fixture(autouse=True)
def means(monkeypatch):
    pool = torch.nn.functional.avg_pool2d
    monkeypatch.setattr(unet_module.nnf, "max_pool2d", pool)


def positive_network(*levels: int, depth: int = 5, **more) -> DenseTransformerNetwork:
    pairs = tuple(TransformerConfig(level=level, **more) for level in levels)
    config = NetworkConfig(depth=depth, base_channels=1, transformers=pairs)
    network = build_network(config).double().eval()
    for parameter in network.plain_parameters():
        parameter.data.fill_(0.3)
    return network


def trace(network, image, thetas=None):
    """Return the network's features by (level, stage) and its warps."""
    seen = {}

    def watch(level, stage, features):
        if features.requires_grad:
            features.retain_grad()
        seen[level, stage] = features

    def edit(level, theta):
        given = None if thetas is None else thetas[level]
        return torch.zeros_like(theta) if given is None else given.to(theta)[None]

    return seen, network.trace(image, edit=edit, watch=watch).warps


def chain_of(warps: tuple[TensorWarp, ...], tile: tuple[int, int]) -> Chain:
    """Return the chain of a traced tile in the frames of predictions."""
    return Chain(tuple(_as_predicted(warp, tile) for warp in warps))


def _as_predicted(warp: TensorWarp, tile: tuple[int, int]) -> Warp:
    """Return what a prediction keeps of a warp, by the definition of its frame."""
    size = np.array(tile)
    unit_px = size / np.array(warp.size)

    def unit(level_px):
        return 2 * ((level_px.numpy() + 0.5) * unit_px - 0.5) / (size - 1) - 1

    half = (torch.tensor(warp.size) - 1) / 2
    with torch.no_grad():
        return Warp(
            warp.level, warp.family,
            unit((warp.lattice + 1) * half), unit((warp.fiducials[0] + 1) * half),
            unit(warp.points_px[0]), warp.coverage[0].numpy(), (0, 0, *tile),
        )  # fmt: skip


def box_of(gradient: torch.Tensor) -> np.ndarray:
    """Return first row and column and last ones where a gradient (h, w) is not 0."""
    at = gradient.abs().nonzero().numpy()
    return np.concatenate([at.min(0), at.max(0)])


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_unit_sees_its_own_area_and_the_margin_around(level):
    network = positive_network(level)
    image = torch.rand(1, 1, 128, 128, dtype=torch.float64, requires_grad=True)
    seen, _ = trace(network, image)
    at, unit_px = 60 // 2 ** (level - 1), 2 ** (level - 1)
    seen[level, "before"][0, 0, at, at].backward()
    margin = margin_px(level)
    low, high = at * unit_px - margin, (at + 1) * unit_px - 1 + margin
    assert box_of(image.grad[0, 0]).tolist() == [low, low, high, high]


@pytest.mark.parametrize(
    ("depth", "level"), [(5, 5), (5, 4), (5, 3), (4, 2), (3, 1), (4, 3)]
)
def test_the_pair_encloses_as_many_units_as_the_convolutions_between_reach(
    depth, level
):
    network = positive_network(level, depth=depth)
    side = 256 // 2 ** (depth - level + 1) * 2 if level > 1 else 160
    pixels = min(side * 2 ** (level - 1), 448)
    image = torch.rand(1, 1, pixels, pixels, dtype=torch.float64, requires_grad=True)
    seen, _ = trace(network, image)
    warped = seen[level, "warped"]
    widths = set()
    middle = warped.shape[-1] // 2
    for at in range(middle, middle + 2 ** (depth - level)):  # pooling has phases
        warped.grad = None
        seen[level, "below"][0, 0, at, middle].backward(retain_graph=True)
        box = box_of(warped.grad[0, 0])
        widths.add(int(box[2] - box[0] + 1))
    assert max(widths) == reach_units(depth, level)


def thetas_of(network, seed: int) -> dict[int, torch.Tensor]:
    """Return parameters within their bounds, by level."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for pair in network.config.transformers:
        bounds = network.level(pair.level - 1).pair.localisation.bounds
        found[pair.level] = bounds * (2 * torch.rand(len(bounds), generator=draw) - 1)
    return found


@pytest.mark.parametrize("levels", [(1,), (3,), (4,), (2, 4)])
@pytest.mark.parametrize("tile", [(128, 160)])
def test_a_unit_reads_the_image_where_the_chain_says(levels, tile):
    """Weighted by what it reads, the middle of a unit's field is its place."""
    network = positive_network(*levels)
    image = torch.rand(1, 1, *tile, dtype=torch.float64, requires_grad=True)
    seen, warps = trace(network, image, thetas_of(network, 3))
    chain = chain_of(warps, tile)
    deepest = levels[-1]
    px = chain.units_px()
    margin = margin_px(deepest) + 3 * 2 ** (deepest - 1)
    inner = (px > margin) & (px < np.array(tile) - 1 - margin)
    places = np.argwhere(inner.all(-1))
    assert len(places) > 3
    for i, j in places[:: max(1, len(places) // 6)]:
        image.grad = None
        seen[deepest, "warped"][0, 0, i, j].backward(retain_graph=True)
        weight = image.grad[0, 0].numpy()
        ys, xs = np.indices(weight.shape)
        middle = [(ys * weight).sum(), (xs * weight).sum()] / weight.sum()
        # exact for one pair; below another the field itself is bent a little
        atol = 1e-3 if len(levels) == 1 else 1.5
        np.testing.assert_allclose(middle, px[i, j], atol=atol)


def rasterised(outline: np.ndarray, size: tuple[int, int], fine: int = 4):
    """Return which pixels a polygon touches."""
    picture = Image.new("1", (size[1] * fine, size[0] * fine))
    corners = [((x + 0.5) * fine - 0.5, (y + 0.5) * fine - 0.5) for y, x in outline]
    ImageDraw.Draw(picture).polygon(corners, fill=1)
    return np.asarray(picture).reshape(size[0], fine, size[1], fine).any((1, 3))


@pytest.mark.parametrize("level", [2, 4])
@pytest.mark.parametrize("resolution", [1.0, 2.0])
def test_the_patch_is_what_the_first_convolution_below_the_gather_reads(
    level, resolution
):
    """Its field covers the patch and ends within what each unit sees around it."""
    tile = (128, 160)
    network = positive_network(level, resolution=resolution)
    image = torch.rand(1, 1, *tile, dtype=torch.float64, requires_grad=True)
    down2 = []
    network.level(level - 1).down2.register_forward_hook(
        lambda module, inputs, output: down2.append(output)
    )
    _, warps = trace(network, image, thetas_of(network, 5))
    chain = chain_of(warps, tile)
    at = tuple(np.array(down2[0].shape[-2:]) // 2)
    down2[0][0, 0, at[0], at[1]].backward()
    field = image.grad[0, 0].numpy() != 0
    patch = learned_patch(chain, tuple(chain.units_px()[at]), size_units=3)
    drawn = rasterised(patch.outline_px, tile)
    assert patch.reached
    assert (field | ~drawn).all()  # all that is drawn is read
    reach = margin_px(level) + 2 * 2 ** (level - 1)  # a unit to interpolate, half a one
    around = binary_dilation(drawn, np.ones((2 * reach + 1, 2 * reach + 1)))
    assert (around | ~field).all()  # nothing further away is


def test_the_plain_network_reads_the_square():
    """The same field without a warp, less what each unit sees: the square itself."""
    level, tile = 3, (128, 128)
    network = positive_network(level)
    image = torch.rand(1, 1, *tile, dtype=torch.float64, requires_grad=True)
    down2 = []
    network.level(level - 1).down2.register_forward_hook(
        lambda module, inputs, output: down2.append(output)
    )
    _, warps = trace(network, image)
    down2[0][0, 0, 16, 16].backward()
    box = box_of(image.grad[0, 0])
    margin = margin_px(level)
    chain = chain_of(warps, tile)
    patch = learned_patch(chain, tuple(chain.units_px()[16, 16]), size_units=3)
    np.testing.assert_allclose(patch.square_px[0] + 0.5, box[:2] + margin)
    np.testing.assert_allclose(patch.square_px[2] - 0.5, box[2:] - margin)


def test_the_frames_are_those_of_predictions():
    """`_as_predicted` above is right: the same numbers as a prediction keeps."""
    from dense_transformer.inference.engine import _to_levels

    network = positive_network(3, resolution=1.5)
    tile = (64, 96)
    image = torch.rand(1, 1, *tile, dtype=torch.float64)
    with torch.no_grad():
        _, (warp,) = trace(network, image, thetas_of(network, 1))
    plan = plan_tiles(tile, tile, 0.0)
    (one,) = _to_levels(warp)
    store = WarpStore(one, plan, (1.0, 1.0))
    store.put(0, 0, one)
    kept, known = store.warp(0, 0), _as_predicted(warp, tile)
    for name in ("lattice", "fiducials", "points", "coverage"):
        np.testing.assert_allclose(getattr(kept, name), getattr(known, name), atol=1e-5)
    assert cover(warp.points_px, warp.size).shape[1:] == known.coverage.shape
    assert to_unit(warp.points_px, warp.size).shape == warp.points_px.shape


def test_a_shipped_model_reads_where_the_chain_says(monkeypatch):
    """As trained, with maxima, and warped by random fiducials far more than learned.

    The warp is held fixed: through the localisation every pixel moves it a little.
    """
    monkeypatch.undo()  # maxima again
    model = load_model("em-membrane-dtn")
    network, level = model.network.eval(), model.config.transformers[0].level
    draw = torch.Generator().manual_seed(4)
    image = torch.randn(1, 1, 224, 224, generator=draw).requires_grad_(True)
    seen, warps = trace(network, image, thetas_of(network, 1))
    chain = chain_of(warps, (224, 224))
    px, rest = chain.units_px(), chain.rest_px()
    reach = margin_px(level) + 1.5 * 2 ** (level - 1)  # with the units in between
    missed, moved = [], []
    for i, j in np.random.default_rng(0).integers(5, len(px) - 5, (12, 2)):
        image.grad = None
        seen[level, "warped"][0, :, i, j].square().sum().backward(retain_graph=True)
        weight = image.grad[0, 0].abs().numpy()
        ys, xs = np.indices(weight.shape)
        middle = np.array([(ys * weight).sum(), (xs * weight).sum()]) / weight.sum()
        missed.append(np.linalg.norm(middle - px[i, j]))
        moved.append(np.linalg.norm(rest[i, j] - px[i, j]))
        box = box_of(image.grad[0, 0]).reshape(2, 2)
        assert (np.abs(box - px[i, j]) <= reach).all()
    assert np.mean(moved) > 10
    assert np.mean(missed) < 5
