"""Foreground pixels counted above every threshold, over any number of images.

All scores are read off these counts. They are exact up to `EXACT_PIXELS`; beyond,
probabilities are counted in 2^16 bins, even in arsinh of the logit, so that the
crowded ends near 0 and 1 stay resolved. `Ranking.auc_error` bounds what that costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.types import Array

EXACT_PIXELS = 1 << 24
_BINS = 1 << 16
_PIECE_PIXELS = 1 << 22
_END = float(np.arcsinh(104.0))  # the logit of the least positive float32 is -103.3


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Counts at falling thresholds; a pixel is found if its value reaches one.

    Attributes
    ----------
    thresholds : ndarray, shape (k,), float64
        Falling; every value that occurs, or the lower edges of bins.
    true_positives, false_positives : ndarray, shape (k,), int64
        Foreground and other pixels found at each threshold.
    positives, negatives : int
        Foreground and other labelled pixels.
    at_half : tuple of int
        True and false positives at threshold 0.5.
    auc_error : float
        How far the area under the ROC curve can be from the exact one.
    """

    thresholds: Array
    true_positives: Array
    false_positives: Array
    positives: int
    negatives: int
    at_half: tuple[int, int]
    auc_error: float = 0.0


def rank(
    pairs: Iterable[tuple[Array, Array]],
    foreground: int | None = None,
    *,
    exact_pixels: int = EXACT_PIXELS,
) -> Ranking:
    """Return the counts of many images together; ignored pixels are left out.

    Parameters
    ----------
    pairs : iterable of (probability, labels)
        Of the same shape (h, w): probability in [0, 1], or uint8 in 0..255;
        labels are integers: 0 = ignore, else class index + 1.
    foreground : int, optional
        Label of the foreground; by default the highest that occurs, at least 2.
    exact_pixels : int
        Up to that many labelled pixels the counts are exact.

    Raises
    ------
    DataError
        If shapes differ, a probability lies outside [0, 1] or is NaN, or labels
        are no integers from 0 to 255.
    """
    kept: dict[int, list[Array]] = {}  # values of the pixels with a label
    bins: dict[int, Array] = {}
    held = 0
    for probability, labels in pairs:
        for piece in _pieces(np.asarray(probability), np.asarray(labels)):
            values, known = labelled_pixels(*piece)
            for label in np.flatnonzero(np.bincount(known)).tolist():
                some = values[known == label]
                kept.setdefault(label, []).append(some)
                held += some.size
            if bins or held > exact_pixels:
                _into_bins(kept, bins)
    if foreground is None:
        foreground = max(2, *kept, *bins) if kept or bins else 2
    if bins:
        return _rank_bins(bins, foreground)
    return _rank_values(kept, foreground)


def labelled_pixels(probability: Array, labels: Array) -> tuple[Array, Array]:
    """Return probabilities, float, and labels of the pixels that have one, flat.

    Raises
    ------
    DataError
        As `rank` does.
    """
    if probability.shape != labels.shape:
        raise DataError(
            f"probability {probability.shape} and labels {labels.shape} differ in shape"
        )
    if labels.dtype == bool or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"labels are {labels.dtype}; give integers, 0 = ignore")
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) <= 255:
        raise DataError(f"labels from {labels.min()} to {labels.max()}; use 0 to 255")
    counted = labels > 0
    values, labels = probability[counted], labels[counted]
    if values.dtype == np.uint8:
        return values / np.float64(255), labels
    values = values.astype(np.result_type(values.dtype, np.float32), copy=False)
    inside = (values >= 0) & (values <= 1)
    if not inside.all():
        raise DataError(f"probability {values[~inside][0]}; use values from 0 to 1")
    return values, labels


def _pieces(probability: Array, labels: Array) -> Iterator[tuple[Array, Array]]:
    """Yield rows of a large image, so that temporary arrays stay small."""
    rows = len(labels) if labels.ndim else 0
    if probability.shape != labels.shape or labels.size <= _PIECE_PIXELS:
        yield probability, labels
        return
    step = max(1, _PIECE_PIXELS * rows // labels.size)
    for top in range(0, rows, step):
        yield probability[top : top + step], labels[top : top + step]


def _rank_values(kept: dict[int, list[Array]], foreground: int) -> Ranking:
    def joined(wanted: bool) -> Array:
        parts = [a for k, v in kept.items() if (k == foreground) == wanted for a in v]
        return np.sort(np.concatenate(parts)) if parts else np.zeros(0)

    found, other = joined(True), joined(False)
    thresholds = np.unique(np.concatenate([found, other]))[::-1]

    def reached(values: Array, threshold: Array | float) -> Array:
        return np.asarray(values.size - np.searchsorted(values, threshold))

    return Ranking(
        thresholds.astype(np.float64),
        reached(found, thresholds),
        reached(other, thresholds),
        found.size,
        other.size,
        (int(reached(found, 0.5)), int(reached(other, 0.5))),
    )


def _into_bins(kept: dict[int, list[Array]], bins: dict[int, Array]) -> None:
    """Move the values into bins, lowest probability first."""
    for label, parts in kept.items():
        counts = bins.setdefault(label, np.zeros(_BINS, dtype=np.int64))
        for part in parts:
            with np.errstate(divide="ignore"):
                logit = np.log(part.astype(np.float64)) - np.log1p(-part)
            # 0.5 has the logit 0 exactly, which is the edge of a bin.
            index = (np.arcsinh(logit) / _END + 1.0) * (_BINS / 2)
            index = np.clip(np.floor(index), 0, _BINS - 1).astype(np.int64)
            counts += np.bincount(index, minlength=_BINS)
    kept.clear()


def _rank_bins(bins: dict[int, Array], foreground: int) -> Ranking:
    none = np.zeros(_BINS, dtype=np.int64)
    found = bins.get(foreground, none)[::-1]
    other = sum((v[::-1] for k, v in bins.items() if k != foreground), none)
    edges = np.sinh((np.arange(_BINS)[::-1] / (_BINS / 2) - 1.0) * _END)
    positives, negatives = int(found.sum()), int(other.sum())
    used = (found + other) > 0
    pairs = float(positives) * float(negatives)
    # Within a bin a pair may be ordered either way; counted as a tie it is half.
    error = float(found.astype(float) @ other) / 2.0 / pairs if pairs else 0.0
    half = _BINS // 2
    return Ranking(
        (1.0 / (1.0 + np.exp(-edges)))[used],
        np.cumsum(found)[used],
        np.cumsum(other)[used],
        positives,
        negatives,
        (int(found[:half].sum()), int(other[:half].sum())),
        error,
    )
