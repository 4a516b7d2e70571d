"""Scores of contours, which forgive a line that lies a little aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from dense_transformer.errors import ConfigError
from dense_transformer.evaluation.ranking import labelled_pixels
from dense_transformer.types import Array


@dataclass(frozen=True, slots=True)
class ContourScores:
    """How many contour pixels have a counterpart within the tolerance.

    Attributes
    ----------
    f1 : float
        Harmonic mean of the two; NaN where neither side has a contour.
    precision : float
        Share of the found contour that lies near the true one.
    recall : float
        Share of the true contour that lies near the found one.
    tolerance_px : float
        Largest distance that counts as near, px.
    """

    f1: float
    precision: float
    recall: float
    tolerance_px: float


def score_contours(
    pairs: Iterable[tuple[Array, Array]],
    foreground: int,
    *,
    tolerance_px: float = 2.0,
    threshold: float = 0.5,
) -> ContourScores:
    """Return how well the contours of the foreground are met, images together.

    Parameters
    ----------
    pairs : iterable of (probability, labels)
        Of the same shape (h, w): probability in [0, 1], or uint8 in 0..255;
        labels are integers: 0 = ignore, else class index + 1.
    foreground : int
        Label of the foreground.
    tolerance_px : float
        Largest Euclidean distance that counts as near.
    threshold : float
        Probability from which a pixel is found.

    Raises
    ------
    DataError
        As `score` does.
    ConfigError
        If the tolerance is negative or not finite.

    Notes
    -----
    The boundary measure of Csurka et al. 2013 (doi:10.5244/C.27.32), pixels pooled
    over images. A contour pixel is a foreground pixel with a labelled pixel above,
    below, left or right that is not; the image's border and ignored pixels make no
    contour, and found contours are judged on labelled pixels only.
    """
    if not 0 <= tolerance_px < np.inf:
        raise ConfigError(f"tolerance {tolerance_px} px: use 0 or more")
    hits, counts = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    for probability, labels in pairs:
        probability, labels = np.asarray(probability), np.asarray(labels)
        values, _ = labelled_pixels(probability, labels)
        known = labels > 0
        reached = np.zeros(known.shape, dtype=bool)
        reached[known] = values >= threshold
        found = _contour(reached, known)
        true = _contour(labels == foreground, known)
        for side, (these, those) in enumerate([(found, true), (true, found)]):
            counts[side] += np.count_nonzero(these)
            if those.any():
                far = distance_transform_edt(~those)[these]
                hits[side] += np.count_nonzero(far <= tolerance_px)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = (hits / counts.astype(np.float64)).tolist()
    if not counts.any():
        f1 = float("nan")
    elif not hits.all():
        f1 = 0.0
    else:
        f1 = 2 * precision * recall / (precision + recall)
    return ContourScores(f1, precision, recall, float(tolerance_px))


def _contour(mask: Array, known: Array) -> Array:
    """Return the pixels of `mask` beside a known pixel that is not of it."""
    outside = np.pad(known & ~mask, 1)
    beside = outside[:-2, 1:-1] | outside[2:, 1:-1]
    beside |= outside[1:-1, :-2] | outside[1:-1, 2:]
    return np.asarray(mask & known & beside)
