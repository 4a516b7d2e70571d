"""How two predictions of one image differ, and which is nearer to the labels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.evaluation import ContourScores, score, score_contours
from dense_transformer.types import Array, Prediction, Progress, Scores

TOLERANCE_PX = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """How a second prediction differs from a first.

    Attributes
    ----------
    difference : ndarray, shape (h, w), float32
        Second probability less first, -1 to 1.
    changed : ndarray, shape (h, w), bool
        Where the most probable class is another.
    changed_share : float
        Share of such pixels.
    mean, largest : float
        Mean and largest |difference|.
    """

    difference: Array
    changed: Array
    changed_share: float
    mean: float
    largest: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a prediction compares with labels.

    Attributes
    ----------
    scores : Scores
        Pixel by pixel: AUC, F1 and more.
    contours : ContourScores
        Of the foreground's contours, at probability 0.5.
    """

    scores: Scores
    contours: ContourScores


def measure_change(first: Prediction, second: Prediction) -> Change:
    """Return how `second` differs from `first`.

    Raises
    ------
    DataError
        If they are not of the same size.
    """
    if first.probability.shape != second.probability.shape:
        raise DataError(
            f"predictions of {first.probability.shape} and "
            f"{second.probability.shape} px; compare two of one image"
        )
    difference = _float(second.probability) - _float(first.probability)
    changed = first.labels != second.labels
    size = np.abs(difference)
    for array in (difference, changed):
        array.setflags(write=False)
    return Change(
        difference,
        changed,
        float(changed.mean()),
        float(size.mean(dtype=np.float64)),
        float(size.max()),
    )


def judge(
    prediction: Prediction, labels: Array, tolerance_px: float = TOLERANCE_PX
) -> Judgement:
    """Return how a prediction compares with labels (h, w): 0 ignored, 1 + class.

    Raises
    ------
    DataError
        If the labels are of another size or no labels.
    """
    labels = np.asarray(labels)
    if labels.shape != prediction.probability.shape:
        raise DataError(
            f"labels of {labels.shape} px for an image of "
            f"{prediction.probability.shape} px; give those of this image"
        )
    pair = np.asarray(prediction.probability), labels
    foreground = len(prediction.classes)
    return Judgement(
        score([pair], foreground),
        score_contours([pair], foreground, tolerance_px=tolerance_px),
    )


def stage(
    name: str, work: Generator[Progress, None, Prediction], *, after: int, done: int = 0
) -> Generator[Progress, None, Prediction]:
    """Run one of several predictions of an image as a part of the whole work.

    Parameters
    ----------
    name : str
        What it is called in messages.
    work : generator
        The prediction.
    after : int
        How many of its kind come after it.
    done : int
        Tiles of those before.

    Yields
    ------
    Progress
        Counted over all of them; without parts, which would lie over each other.
    """
    for_all = 1 + after
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            prediction: Prediction = end.value
            return prediction
        left = step.seconds_left
        if left is not None:
            left += after * left * step.total / max(1, step.total - step.done)
        yield replace(
            step,
            done=done + step.done,
            total=done + step.total * for_all,
            seconds_left=left,
            message=f"{name}: {step.message}" if step.message else name,
            part=None,
        )


def _float(probability: Array) -> Array:
    if probability.dtype == np.uint8:
        return np.asarray(probability, np.float32) / np.float32(255.0)
    return np.asarray(probability, np.float32)
