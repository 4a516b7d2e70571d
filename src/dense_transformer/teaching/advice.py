"""What people should do with a taught model beyond keeping it, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LEFT = 0.5  # share of the best F1 that a threshold of a half leaves, to be told


def advise_threshold(scores: Mapping[str, float]) -> str:
    """Return which threshold to try if a half finds next to nothing; empty if not.

    A model that learned from lopsided annotations, such as patches that began with a
    poor prediction and were corrected here and there, can rank pixels well and yet find
    nothing at a half. Less than that isn't told: of strokes the best threshold is that
    of the strokes' share of classes, and worse than a half on the image.

    Parameters
    ----------
    scores : mapping of str to float
        On what is held out, named as in `Scores`; others are left alone.
    """
    names = ("f1", "f1_half", "threshold")
    best, half, threshold = (scores.get(name, math.nan) for name in names)
    if not half < LEFT * best or not math.isfinite(threshold):
        return ""
    return (
        f"at threshold 0.5 its F1 there is {half:.2f}, at {threshold:.2f} {best:.2f}: "
        "try that in Predict"
    )
