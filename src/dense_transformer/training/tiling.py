"""Whole images through a network in training, in tiles of the size of its patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from dense_transformer.training.precision import autocast, deterministic

if TYPE_CHECKING:
    from collections.abc import Generator

    from dense_transformer.config import TrainConfig
    from dense_transformer.nn import DenseTransformerNetwork, TensorWarp
    from dense_transformer.types import Array, Box

OVERLAP = 0.25  # of a tile, least; as PredictConfig has it
Tiles: TypeAlias = "tuple[tuple[Box, ...], tuple[TensorWarp, ...]]"


def tile_boxes(size: tuple[int, int], tile: tuple[int, int]) -> tuple[Box, ...]:
    """Return boxes of at most `tile` px that cover an image, evenly overlapping."""
    rows, columns = (_starts(size[i], tile[i]) for i in (0, 1))
    height, width = min(size[0], tile[0]), min(size[1], tile[1])
    return tuple((y, x, y + height, x + width) for y in rows for x in columns)


@torch.no_grad()
def predict_whole(
    network: DenseTransformerNetwork, pixels: Array, config: TrainConfig
) -> Generator[Tiles, None, Array]:
    """Return the classes' probabilities, shape (C, h, w), of an image (c, h, w).

    Tiles overlap by a quarter or more and are blended with weights that fall to
    their borders. Yields the boxes and warps of every batch of tiles.
    """
    device = next(network.parameters()).device
    size = (pixels.shape[1], pixels.shape[2])
    sums = np.zeros((config.network.classes, *size), np.float32)
    weights = np.zeros(size, np.float32)
    boxes = tile_boxes(size, config.patch)
    for start in range(0, len(boxes), config.batch):
        some = boxes[start : start + config.batch]
        cut = np.stack([pixels[_slices(box)] for box in some])
        with deterministic(config.deterministic), autocast(device, config.precision):
            trace = network.trace(torch.from_numpy(cut).to(device))
        probability = torch.softmax(trace.logits.float(), 1).cpu().numpy()
        for box, values in zip(some, probability, strict=True):
            window = _window(box)
            sums[_slices(box)] += values * window
            weights[_slices(box)[1:]] += window
        yield some, trace.warps
    return np.asarray(np.clip(sums / weights, 0.0, 1.0))


def covered_px(tile: int, least: int) -> int:
    """Return the side, px, that the fewest tiles for `least` px cover in one go."""
    return tile + (_count(least, tile) - 1) * _step(tile)


def _step(tile: int) -> int:
    return max(1, round(tile * (1 - OVERLAP)))


def _count(length: int, tile: int) -> int:
    return 1 + -(-max(0, length - tile) // _step(tile))


def _starts(length: int, tile: int) -> list[int]:
    if length <= tile:
        return [0]
    count = _count(length, tile)
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def _window(box: Box) -> Array:
    """Return positive weights that fall in straight lines to the borders."""
    sides = [box[2] - box[0], box[3] - box[1]]
    ramps = [np.minimum(np.arange(n) + 1, n - np.arange(n)) for n in sides]
    return np.asarray(np.outer(*ramps) / (ramps[0].max() * ramps[1].max()), np.float32)


def _slices(box: Box) -> tuple[slice, slice, slice]:
    return slice(None), slice(box[0], box[2]), slice(box[1], box[3])
