"""What people should do with a taught model beyond keeping it, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOST = 0.1  # F1 that the threshold of a half costs, from which on it is told


def advise_threshold(scores: Mapping[str, float]) -> str:
    """Return which threshold to use if a half finds much less; empty if it doesn't.

    A model that learned from lopsided annotations, such as patches that began with a
    poor prediction and were corrected here and there, can rank pixels well and yet find
    nothing at a half.

    Parameters
    ----------
    scores : mapping of str to float
        On what is held out, named as in `Scores`; others are left alone.
    """
    names = ("f1", "f1_half", "threshold")
    best, half, threshold = (scores.get(name, math.nan) for name in names)
    if not best - half > LOST or not math.isfinite(threshold):
        return ""
    return (
        f"at threshold 0.5 its F1 there is {half:.2f}, at {threshold:.2f} {best:.2f}: "
        f"choose {threshold:.2f} in Predict"
    )
