"""How a network in training does on the validation images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.errors import DivergedError
from dense_transformer.evaluation import score
from dense_transformer.training.tiling import Tiles, predict_whole
from dense_transformer.training.warp_log import WarpLog
from dense_transformer.types import Scores, Warp, WarpHealth

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from dense_transformer.config import TrainConfig
    from dense_transformer.data import Pair
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.types import Array

SMALLEST = 1e-7  # probability in the logarithm


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

    Whole images, in tiles of the size of the training patches. Leaves the
    network in evaluation mode.

    Raises
    ------
    DivergedError
        If fiducials or probabilities are not finite.
    """
    network.eval()
    log, losses, pixels = WarpLog(), 0.0, 0
    maps: list[Array] = []
    first: tuple[Warp, ...] = ()
    for index, pair in enumerate(pairs):
        work = predict_whole(network, pair.pixels, config)
        probability = yield from _logged(work, log, f"{index + 1} of {len(pairs)}")
        if not np.isfinite(probability).all():
            raise DivergedError(f"the probabilities of {pair.name} are not finite")
        loss, count = _log_loss(probability, pair.labels)
        losses, pixels = losses + loss, pixels + count
        first = first or tuple(log.warps)
        maps.append(probability[-1])
    known = zip(maps, (pair.labels for pair in pairs), strict=True)
    scores = score(known, config.network.classes)
    health = log.health(config)
    return Validation(losses / max(1, pixels), scores, health, maps[0], first)


def _logged(
    work: Generator[Tiles, None, Array], log: WarpLog, number: str
) -> Generator[str, None, Array]:
    """Log the warps of each batch; return the probabilities."""
    while True:
        try:
            boxes, traced = next(work)
        except StopIteration as end:
            probability: Array = end.value
            return probability
        log.add(boxes, traced)
        yield f"validating on image {number}"


def _log_loss(probability: Array, labels: Array) -> tuple[float, int]:
    """Return the summed cross-entropy of the labelled pixels and their number."""
    known = labels > 0
    index = labels[known].astype(np.intp) - 1
    picked = np.take_along_axis(probability[:, known], index[None], 0)
    loss = -np.log(np.maximum(picked, SMALLEST)).sum(dtype=np.float64)
    return float(loss), int(known.sum())
