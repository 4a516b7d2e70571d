"""How much of the first predictions a teaching still recalls at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dense_transformer.teaching.held_out import has_many_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.data import Pair
    from dense_transformer.teaching.adaptation import Base

FORGOTTEN, RECALLED = 0.2, 0.7  # trust up to which nothing and from which all is left


def recall_left(base: Base, held_out: Sequence[Pair]) -> float:
    """Return which share of the recall is left after the last step, 0 to 1.

    Little where the first predictions were often wrong. Nothing where many places are
    annotated, unless the base has measured statistics of the image: then its
    predictions know something of all of it, which no annotations do. Measured in
    ``docs/teach-study.md``.

    Parameters
    ----------
    base : Base
        What the first step begins with.
    held_out : sequence of Pair
        Annotations that it doesn't learn from.
    """
    if has_many_places(held_out) and not base.adapted:
        return 0.0
    return min(1.0, max(0.0, (base.trust - FORGOTTEN) / (RECALLED - FORGOTTEN)))
