"""An inspect core with a real, small network, so that every answer is the core's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.inference import predict
from dense_transformer.inspection import Inspector
from dense_transformer.nn import build_network
from dense_transformer.zoo import Card, Model

TILE = (32, 32)
MOVING, PLAIN = "fake", "other"  # the models that the fake catalogue lists


def small_model(levels: tuple[int, ...] = (2,)) -> Model:
    """Return a model whose warps depend on what it sees; the same at every call."""
    pairs = tuple(TransformerConfig(level=n, localisation_channels=4) for n in levels)
    config = NetworkConfig(depth=3, base_channels=4, transformers=pairs)
    network = build_network(config, 0).eval()
    generator = torch.Generator().manual_seed(0)
    for level in levels:
        head = network.level(level - 1).pair.localisation.head
        head.weight.data.normal_(0, 2.0, generator=generator)
    network.head.weight.data.mul_(20.0)  # sure of something
    card = Card(name="-".join(["small", *map(str, levels)]), patch=TILE)
    return Model(network, config, card, "0" * 64, Path(f"{card.name}.safetensors"))


def blobs(size: tuple[int, int] = (48, 80)) -> np.ndarray:
    """Return an image that differs from place to place."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 200, (size[0] // 8 + 1, size[1] // 8 + 1))
    fine = np.kron(coarse, np.ones((8, 8), int))[: size[0], : size[1]]
    return (fine + rng.integers(0, 50, size)).astype(np.uint8)


class SmallInspectCore:
    """Opens real inspectors; the model "other" is a plain U-Net."""

    def __init__(self, levels: tuple[int, ...] = (2,)) -> None:
        self.models = {MOVING: small_model(levels), PLAIN: small_model(())}
        self.sessions: list = []
        self.predictions = 0

    def open(self, request):
        source = request.source
        config = replace(request.config, device="cpu")
        return Inspector(
            self.model(request.model), source.image, config, source.section
        )

    def model(self, key):
        return self.models[key]

    def predict(self, request, stop, edits=()):
        self.predictions += 1
        source, config = request.source, replace(request.config, device="cpu")
        return (
            yield from predict(
                self.model(request.model), source.image, config,
                section=source.section, stop=stop, edits=edits,
            )
        )  # fmt: skip
