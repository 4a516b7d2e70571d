"""Whole validation images through the network while it trains, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from dense_transformer.errors import DivergedError
from dense_transformer.evaluation import measure_health, score
from dense_transformer.training.precision import autocast, deterministic
from dense_transformer.types import Scores, Warp, WarpHealth

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from dense_transformer.config import TrainConfig
    from dense_transformer.data import Pair
    from dense_transformer.nn import DenseTransformerNetwork, TensorWarp
    from dense_transformer.types import Array, Box

Bound = tuple[float, float]
OVERLAP = 0.25  # of a tile, least; as PredictConfig has it
MOST_WARPS = 512  # of one level, kept for its health


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """How the network does on the validation images.

    Attributes
    ----------
    loss : float
        Mean cross-entropy of their labelled pixels, classes not balanced.
    scores : Scores
        Of the foreground, the last class.
    health : tuple of WarpHealth
        Of the warps of all tiles, one for each level with a transformer.
    probability : ndarray, shape (h, w), float32
        Foreground of the first image, for a preview.
    warps : tuple of Warp
        Of the tiles of the first image.
    """

    loss: float
    scores: Scores
    health: tuple[WarpHealth, ...]
    probability: Array
    warps: tuple[Warp, ...]

    @property
    def merit(self) -> float:
        """What the best model has most of: best F1, or -loss where there is none."""
        return self.scores.f1 if np.isfinite(self.scores.f1) else -self.loss


def validate(
    network: DenseTransformerNetwork, pairs: Sequence[Pair], config: TrainConfig
) -> Generator[str, None, Validation]:
    """Return how `network` does on `pairs`; yields where it is after every batch.

    The tiles are of the size of the training patches, overlap by a quarter or
    more and are blended with weights that fall to their borders. Leaves the
    network in evaluation mode.

    Raises
    ------
    DivergedError
        If fiducials or probabilities are not finite.
    """
    network.eval()
    maps: list[Array] = []
    losses, pixels = 0.0, 0
    warps: list[Warp] = []
    first: tuple[Warp, ...] = ()
    bounds: dict[int, Bound] = {}
    for index, pair in enumerate(pairs):
        sums = np.zeros((config.network.classes, *pair.labels.shape), np.float32)
        weight = np.zeros(pair.labels.shape, np.float32)
        for boxes, probability, traced in _predict_tiles(network, pair, config):
            for box, values in zip(boxes, probability, strict=True):
                window = _window(box)
                sums[_slices(box)] += values * window
                weight[_slices(box)[1:]] += window
            warps += [
                _warp(warp, i, box) for warp in traced for i, box in enumerate(boxes)
            ]
            bounds |= {warp.level: warp.bound for warp in traced}
            yield f"validating on image {index + 1} of {len(pairs)}"
        mean = np.clip(sums / weight, 0.0, 1.0)
        if not np.isfinite(mean).all():
            raise DivergedError(f"the probabilities of {pair.name} are not finite")
        loss, count = _log_loss(mean, pair.labels)
        losses, pixels = losses + loss, pixels + count
        first = first or tuple(warps)
        maps.append(mean[-1])
    known = zip(maps, (pair.labels for pair in pairs), strict=True)
    scores = score(known, config.network.classes)
    health = _health(warps, bounds, config)
    return Validation(losses / max(1, pixels), scores, health, maps[0], first)


def _health(
    warps: list[Warp], bounds: dict[int, Bound], config: TrainConfig
) -> tuple[WarpHealth, ...]:
    """Return how alive the warps are, level by level: their bounds differ."""
    found: list[WarpHealth] = []
    for transformer in sorted(config.network.transformers, key=lambda t: t.level):
        level, absolute = transformer.level, transformer.parametrisation == "absolute"
        some = [warp for warp in warps if warp.level == level][:MOST_WARPS]
        found += measure_health(some, bounds[level], absolute=absolute)
    return tuple(found)


def tile_boxes(size: tuple[int, int], tile: tuple[int, int]) -> tuple[Box, ...]:
    """Return boxes of at most `tile` px that cover an image, evenly overlapping."""
    rows, columns = (_starts(size[i], tile[i]) for i in (0, 1))
    height, width = min(size[0], tile[0]), min(size[1], tile[1])
    return tuple((y, x, y + height, x + width) for y in rows for x in columns)


def _starts(length: int, tile: int) -> list[int]:
    if length <= tile:
        return [0]
    count = 1 + -(-(length - tile) // max(1, round(tile * (1 - OVERLAP))))
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def _window(box: Box) -> Array:
    """Return positive weights that fall in straight lines to the borders."""
    sides = [box[2] - box[0], box[3] - box[1]]
    ramps = [np.minimum(np.arange(n) + 1, n - np.arange(n)) for n in sides]
    return np.asarray(np.outer(*ramps) / (ramps[0].max() * ramps[1].max()), np.float32)


def _slices(box: Box) -> tuple[slice, slice, slice]:
    return slice(None), slice(box[0], box[2]), slice(box[1], box[3])


@torch.no_grad()
def _predict_tiles(
    network: DenseTransformerNetwork, pair: Pair, config: TrainConfig
) -> Generator[tuple[tuple[Box, ...], Array, tuple[TensorWarp, ...]], None, None]:
    """Yield boxes, probabilities (n, C, h, w) and warps of a batch of tiles."""
    device = next(network.parameters()).device
    boxes = tile_boxes(pair.labels.shape, config.patch)
    for start in range(0, len(boxes), config.batch):
        some = boxes[start : start + config.batch]
        cut = np.stack([pair.pixels[_slices(box)] for box in some])
        with deterministic(config.deterministic), autocast(device, config.precision):
            trace = network.trace(torch.from_numpy(cut).to(device))
        yield some, torch.softmax(trace.logits.float(), 1).cpu().numpy(), trace.warps


def _warp(warp: TensorWarp, index: int, box: Box) -> Warp:
    lattice, fiducials, points, coverage = (
        tensor.detach().float().cpu().numpy()
        for tensor in (
            warp.lattice,
            warp.fiducials[index],
            warp.points[index],
            warp.coverage[index],
        )
    )
    return Warp(warp.level, warp.family, lattice, fiducials, points, coverage, box)


def _log_loss(probability: Array, labels: Array) -> tuple[float, int]:
    """Return the summed cross-entropy of the labelled pixels and their number."""
    known = labels > 0
    index = labels[known].astype(np.intp) - 1
    picked = np.take_along_axis(probability[:, known], index[None], 0)
    return float(-np.log(np.maximum(picked, 1e-7)).sum(dtype=np.float64)), int(
        known.sum()
    )
