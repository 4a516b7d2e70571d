"""Scores of a foreground probability against labels, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dense_transformer.evaluation.ranking import EXACT_PIXELS, Ranking, rank
from dense_transformer.types import Array, Scores


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """A ROC curve and the scores along it, from the strictest threshold down.

    Attributes
    ----------
    thresholds : ndarray, shape (k,)
        Falling; the first is infinite, where nothing is found.
    false_positive_rate, true_positive_rate : ndarray, shape (k,)
        From (0, 0) to (1, 1); NaN where a class does not occur.
    precision, f1 : ndarray, shape (k,)
        At each threshold; NaN where nothing is found (precision).
    auc : float
        Area under the curve.
    """

    thresholds: Array
    false_positive_rate: Array
    true_positive_rate: Array
    precision: Array
    f1: Array
    auc: float


def score(
    pairs: Iterable[tuple[Array, Array]],
    foreground: int | None = None,
    *,
    exact_pixels: int = EXACT_PIXELS,
) -> Scores:
    """Return the scores of many images, all their labelled pixels taken together.

    Parameters
    ----------
    pairs : iterable of (probability, labels)
        Of the same shape (h, w): probability in [0, 1], or uint8 in 0..255;
        labels are integers: 0 = ignore, else class index + 1. A generator is
        read once, image by image.
    foreground : int, optional
        Label of the foreground: class index + 1, so the number of classes for
        the last one. By default the highest label that occurs, at least 2.
    exact_pixels : int
        Up to that many labelled pixels everything is exact; beyond, AUC, best F1
        and its threshold come from 2^16 bins.

    Raises
    ------
    DataError
        If shapes differ, a probability lies outside [0, 1] or is NaN, or labels
        are no integers from 0 to 255.

    Notes
    -----
    AUC is the share of (foreground, other) pairs of pixels in the right order,
    ties counting half (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747).
    Bins moved AUC by at most 1.2e-7 and best F1 by 7e-6 on 90,000 to 2,250,000
    normal logits of three spreads. What has no meaning is NaN: AUC with one class,
    recall and F1 without foreground, precision where nothing is found, everything
    without labels.
    """
    ranking = rank(pairs, foreground, exact_pixels=exact_pixels)
    f1 = _f1(ranking.true_positives, ranking.false_positives, ranking.positives)
    best = int(np.argmax(f1)) if ranking.positives else None
    tp, fp = ranking.at_half
    positives, negatives = ranking.positives, ranking.negatives
    return Scores(
        auc=_auc(ranking),
        f1=float("nan") if best is None else float(f1[best]),
        threshold=float("nan") if best is None else float(ranking.thresholds[best]),
        f1_half=_share(2 * tp, tp + fp + positives) if positives else float("nan"),
        precision=_share(tp, tp + fp),
        recall=_share(tp, positives),
        false_positive_rate=_share(fp, negatives),
        iou=_share(tp, fp + positives),
        pixels=positives + negatives,
    )


def roc_curve(
    pairs: Iterable[tuple[Array, Array]],
    foreground: int | None = None,
    *,
    points: int = 1000,
) -> RocCurve:
    """Return the ROC curve of many images, thinned to about `points` thresholds.

    Parameters and errors are those of `score`; the area is that of the full curve.
    """
    ranking = rank(pairs, foreground)
    count = ranking.thresholds.size
    tp, fp = ranking.true_positives, ranking.false_positives
    if count > points:  # even along the curve, not along the thresholds
        travel = (tp + fp) / (tp[-1] + fp[-1])
        at = np.unique(np.searchsorted(travel, np.linspace(0.0, 1.0, points)))
        keep = np.minimum(at, count - 1)
    else:
        keep = np.arange(count)
    tp, fp = np.append(0, tp[keep]), np.append(0, fp[keep])
    with np.errstate(invalid="ignore", divide="ignore"):
        return RocCurve(
            np.append(np.inf, ranking.thresholds[keep]),
            fp / np.float64(ranking.negatives),
            tp / np.float64(ranking.positives),
            tp / (tp + fp).astype(np.float64),
            _f1(tp, fp, ranking.positives),
            _auc(ranking),
        )


def _f1(tp: Array, fp: Array, positives: int) -> Array:
    with np.errstate(invalid="ignore"):
        f1 = 2.0 * tp / (tp + fp + positives)
    return f1 if positives else np.full(f1.shape, np.nan)


def _auc(ranking: Ranking) -> float:
    if not ranking.positives or not ranking.negatives:
        return float("nan")
    tpr = np.append(0, ranking.true_positives) / ranking.positives
    fpr = np.append(0, ranking.false_positives) / ranking.negatives
    return float(np.diff(fpr) @ (tpr[1:] + tpr[:-1]) / 2.0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
