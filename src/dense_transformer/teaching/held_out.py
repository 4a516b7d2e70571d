"""How good a network is on annotations that it hasn't learned from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from dense_transformer.training.validation import Validation, validate

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from dense_transformer.config import TrainConfig
    from dense_transformer.data import Pair
    from dense_transformer.nn import DenseTransformerNetwork

LOSS_SHARE = 0.02  # of the loss in the merit: decides where all orders are right
LARGEST_LOSS = 2.0
MANY = 4000  # pixels to judge by
CLEAR = 0.01  # of merit; where there are fewer pixels, less may be chance
SPARE = 0.003  # of merit; what else speaks for need not be better, nor worse by more
SURER, LESS = 0.5, 0.02  # share of a log-loss, and how much less, that is no chance
PLACES, PLACE_PX = 10, 20  # that are held out, and of so many pixels: less is few
DIGITS = 5  # of the merit: what is below is rounding, no gain


def judge(
    network: DenseTransformerNetwork, pairs: Sequence[Pair], config: TrainConfig
) -> Generator[str, None, Validation]:
    """Return how a network does on annotated pixels; yields after each batch.

    Leaves the network in evaluation mode.

    Raises
    ------
    DivergedError
        If its values are not finite.
    """
    return (yield from validate(network, pairs, config))


def merit_of(validation: Validation) -> float:
    """Return what the best model has most of.

    The area under the ROC curve less 0.02 of the log-loss (2 at most): the area alone
    is 1 for many models where only a few strokes are held out. Without
    both classes only the loss counts.
    """
    loss = min(validation.loss, LARGEST_LOSS)
    auc = validation.scores.auc
    return round((auc if math.isfinite(auc) else 0.0) - LOSS_SHARE * loss, DIGITS)


def slack_of(pixels: float) -> float:
    """Return the difference of merit that may be chance with so many pixels."""
    return CLEAR if pixels < MANY else 0.0


def is_surer(loss: float, before: float) -> bool:
    """Return whether a log-loss is clearly less than that of before.

    Where a model has all of a few strokes right, as it has easily, its area under the
    curve can't rise any more, but how sure it is of them can.
    """
    return loss <= SURER * before and loss <= before - LESS


def has_many_places(pairs: Sequence[Pair]) -> bool:
    """Return whether what is held out lies in many strokes or patches, dots aside."""
    touching = np.ones((3, 3), bool)
    groups = (ndimage.label(pair.labels > 0, touching)[0] for pair in pairs)
    sizes = [np.bincount(group.ravel())[1:] for group in groups]
    return sum(int((size >= PLACE_PX).sum()) for size in sizes) >= PLACES
