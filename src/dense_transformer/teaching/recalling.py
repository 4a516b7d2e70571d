"""How much of the first predictions a teaching recalls, and how much at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dense_transformer.teaching.held_out import MANY, has_many_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.data import Pair
    from dense_transformer.teaching.adaptation import Base

FORGOTTEN, RECALLED = 0.2, 0.7  # trust up to which nothing and from which all is left
DOUBTED, DOUBT = 0.3, 0.4  # trust up to which a model is thought better elsewhere; then


def recall_of(base: Base, held_out: Sequence[Pair]) -> tuple[float, float]:
    """Return how far to believe a base, and the share of recall that is left at last.

    Little is left where the first predictions were often wrong. Where many places are
    annotated nothing is, unless the base has statistics of the image, or was taught
    before: then its predictions know something of all of it, which no annotations do.
    But many strokes where a model is wrong are those of somebody who corrects it: it is
    better elsewhere than it looks there, and is held on to. Measured in
    ``docs/teach-study.md``.

    Parameters
    ----------
    base : Base
        What the first step begins with.
    held_out : sequence of Pair
        Annotations that it doesn't learn from.

    Returns
    -------
    tuple of float
        Both from 0 to 1.
    """
    if has_many_places(held_out):
        pixels = sum(int((pair.labels > 0).sum()) for pair in held_out)
        if base.trust <= DOUBTED and pixels / base.zoom**2 < MANY:
            return DOUBT, 1.0
        if not base.adapted:
            return base.trust, 0.0
    left = (base.trust - FORGOTTEN) / (RECALLED - FORGOTTEN)
    return base.trust, min(1.0, max(0.0, left))
