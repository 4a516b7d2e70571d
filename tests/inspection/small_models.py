"""Small networks with warps that differ from tile to tile, and models of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dense_transformer.config import NetworkConfig, PredictConfig, TransformerConfig
from dense_transformer.nn import DenseTransformerNetwork, build_network
from dense_transformer.types import Image
from dense_transformer.zoo import Card, Model

CONFIG = PredictConfig(device="cpu", batch=3, threads=1)


def moving_dtn(
    levels: tuple[int, ...] = (2,),
    family: str = "tps",
    *,
    channels: int = 1,
    seed: int = 0,
) -> DenseTransformerNetwork:
    """Return a network whose warps depend on what it sees, well within bounds."""
    pairs = tuple(
        TransformerConfig(level=level, family=family, localisation_channels=4)
        for level in levels
    )
    config = NetworkConfig(
        depth=3, base_channels=4, in_channels=channels, transformers=pairs
    )
    network = build_network(config, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    for level in levels:
        head = network.level(level - 1).pair.localisation.head
        head.weight.data.normal_(0, 2.0, generator=generator)
    _decide(network)
    return network


def _decide(network: DenseTransformerNetwork) -> None:
    """Let the head find both classes in `image_of`, some of it with certainty."""
    pixels = torch.from_numpy(image_of().data) * 2 - 1
    x = pixels.expand(1, network.config.in_channels, -1, -1)
    with torch.no_grad():
        logits = network(x)
        difference = logits[0, 1] - logits[0, 0]
        factor = 2.0 / difference.std()
        network.head.weight.mul_(factor)
        network.head.bias.mul_(factor)
        network.head.bias[1] -= difference.median() * factor


def plain_twin(network: DenseTransformerNetwork) -> DenseTransformerNetwork:
    """Return the U-Net with the same weights."""
    config = NetworkConfig(depth=3, base_channels=4)
    twin = build_network(config).eval()
    known = twin.state_dict()
    twin.load_state_dict({k: v for k, v in network.state_dict().items() if k in known})
    return twin


def model_of(
    network: DenseTransformerNetwork,
    tile: tuple[int, int] = (32, 32),
    name: str = "small",
    **card: object,
) -> Model:
    """Return a model, as `load_model` would, of a network."""
    config = network.config
    about = Card(name=name, in_channels=config.in_channels, patch=tile, **card)
    return Model(network, config, about, "0" * 64, Path(f"{name}.safetensors"))


def image_of(size: tuple[int, int] = (48, 80), seed: int = 0, **about) -> Image:
    """Return an image of smooth blobs that differ from place to place."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((size[0] // 8 + 2, size[1] // 8 + 2), dtype=np.float32)
    pixels = np.kron(coarse, np.ones((8, 8), np.float32))[: size[0], : size[1]]
    pixels = pixels + 0.1 * rng.random(size, dtype=np.float32)
    return Image(pixels, "yx", "image", **about)
