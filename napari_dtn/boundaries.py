"""From a probability to boundaries at a threshold."""

from __future__ import annotations

import numpy as np


def mark_boundaries(probability: np.ndarray, threshold: float, out: np.ndarray) -> None:
    """Write 1 where `probability` is at least `threshold`, 0 elsewhere, in place.

    Parameters
    ----------
    probability : ndarray
        Float in [0, 1], or uint8 in 0..255.
    threshold : float
        Share of 1.
    out : ndarray of uint8
        Of the same shape.
    """
    full = 255.0 if probability.dtype == np.uint8 else 1.0
    # A Python float would be rounded to float32 by NumPy; uint8 needs an integer.
    level = np.ceil(threshold * full) if full > 1 else threshold
    np.greater_equal(probability, level, out=out.view(np.bool_))
