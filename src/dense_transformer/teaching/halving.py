"""Logits shifted so that what a model finds best it finds at threshold 0.5."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from dense_transformer.data import DataSet
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.training.validation import Validation
    from dense_transformer.types import Progress

PATCHED = 0.9  # of what is held out, in patches: then it is like the image
LEAST = 0.005  # of F1 to be gained; less is left alone
FARTHEST = 0.02  # thresholds that are nearer to 0 or 1 are taken to be this


def at_half(
    network: DenseTransformerNetwork,
    validation: Validation,
    judge: Callable[
        [DenseTransformerNetwork, DataSet], Generator[Progress, None, Validation]
    ],
    data: DataSet,
) -> Generator[Progress, None, tuple[Validation, DenseTransformerNetwork]]:
    """Return how a network does that finds most at threshold 0.5, and the network.

    Parameters
    ----------
    network : DenseTransformerNetwork
        What was judged; it is returned where nothing is to be gained.
    validation : Validation
        How it does on annotations that hold the classes in the image's own shares, as
        patches do and strokes don't.
    judge : callable
        Returns how a network does.
    data : DataSet
        On what.
    """
    scores = validation.scores
    if not scores.f1 - scores.f1_half > LEAST:
        return validation, network
    shifted = shifted_copy(network, scores.threshold)
    again = yield from judge(shifted, data)
    # Probabilities of overlapping tiles are averaged, so that it isn't quite the same.
    if again.scores.f1_half > scores.f1_half:
        return again, shifted
    return validation, network


@torch.no_grad()
def shifted_copy(
    network: DenseTransformerNetwork, threshold: float
) -> DenseTransformerNetwork:
    """Return a copy that says 0.5 of the foreground where `network` says `threshold`.

    Parameters
    ----------
    network : DenseTransformerNetwork
        Its last class is the foreground; is not changed.
    threshold : float
        Probability in (0, 1).

    Notes
    -----
    The bias of the foreground's logit falls by ``log(t / (1 - t))``, which moves the
    log-odds of the foreground by as much, of any number of classes: no two pixels
    change their order, so that the area under the ROC curve stays.
    """
    threshold = min(max(threshold, FARTHEST), 1 - FARTHEST)
    shifted = copy.deepcopy(network)
    bias = shifted.head.state_dict()["bias"]  # its own memory
    bias[-1] -= math.log(threshold / (1 - threshold))
    return shifted
