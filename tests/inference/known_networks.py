"""Networks whose answer is known, and models made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.data import Intensity
from dense_transformer.nn import DenseTransformerNetwork, Trace, build_network
from dense_transformer.types import Image
from dense_transformer.zoo import Card, Model


class Echo(nn.Module):
    """Says that class k has the probability (x_k + 2) / 4 of the input's channel k.

    Of two classes the last has that of the first channel.
    """

    def __init__(self, channels: int = 1, classes: int = 2) -> None:
        super().__init__()
        self.config = NetworkConfig(depth=3, in_channels=channels, classes=classes)
        self.weight = nn.Parameter(torch.zeros(1))
        self.batches: list[torch.Tensor] = []
        self.eval()

    def __deepcopy__(self, memo: dict) -> Echo:
        return self  # so that a test sees the batches

    def trace(self, x: torch.Tensor) -> Trace:
        """Return logits whose softmax is what the class says."""
        self.batches.append(x.clone())
        share = ((x + 2.0) / 4.0).clamp(1e-7, 1 - 1e-7)
        if self.config.classes == 2:
            return Trace(
                torch.cat([(1 - share[:, :1]).log(), share[:, :1].log()], 1), ()
            )
        return Trace(share.log(), ())


def tiny_dtn() -> DenseTransformerNetwork:
    """Return a small network with a transformer that moves something."""
    pair = TransformerConfig(level=2)
    config = NetworkConfig(depth=3, base_channels=2, transformers=(pair,))
    network = build_network(config).eval()
    for parameter in network.transformer_parameters():
        parameter.data.add_(0.05)
    return network


def echo_of(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return what `Echo` says of pixels whose robust range is low..high."""
    normal = Intensity(low, high).apply(pixels)
    return np.clip((normal[0].astype(np.float64) + 2.0) / 4.0, 1e-7, 1 - 1e-7)


def model_of(
    network: nn.Module,
    tile: tuple[int, int] = (32, 32),
    pixel_nm: tuple[float, float] | None = None,
) -> Model:
    """Return a model, as `load_model` would, of a network."""
    config = network.config
    card = Card(
        name="known",
        in_channels=config.in_channels,
        classes=tuple(f"class {k}" for k in range(config.classes)),
        patch=tile,
        pixel_nm=pixel_nm,
    )
    return Model(network, config, card, "0" * 64, Path("known.safetensors"))


def image_of(
    pixels: np.ndarray, axes: str = "yx", pixel_nm: tuple[float, float] | None = None
) -> Image:
    """Return an image in memory."""
    return Image(pixels, axes, "image", pixel_nm)
