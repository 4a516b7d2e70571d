"""Patches of an image that could be annotated next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dense_transformer.inference.tiles import plan_axis
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.types import Image

_ANNOTATED = 0.02  # share of a patch's pixels from which on it is left out


def plan_candidates(
    image: Image,
    annotations: Annotations,
    size: tuple[int, int],
    most: int,
    sections: Sequence[int] | None = None,
    seed: int = 0,
) -> tuple[Patch, ...]:
    """Return at most `most` patches that aren't annotated, spread over the image.

    Parameters
    ----------
    image : Image
        Where to look.
    annotations : Annotations
        What is left out.
    size : tuple of int
        Height and width of a patch, px; cut to the image.
    most : int
        Where there are more, so many are drawn.
    sections : sequence of int, optional
        Where to look; everywhere by default.
    seed : int
        Of the draw.
    """
    height, width = (min(s, n) for s, n in zip(size, image.size, strict=True))
    rows = plan_axis(image.size[0], height, 0.0).starts
    columns = plan_axis(image.size[1], width, 0.0).starts
    depth = tuple(range(image.sections)) if sections is None else tuple(sections)
    total = len(depth) * len(rows) * len(columns)
    random = np.random.default_rng(seed)
    order = range(total) if total <= 4 * most else random.choice(total, 4 * most, False)
    free = []
    for index in order:
        rest, column = divmod(int(index), len(columns))
        section, row = divmod(rest, len(rows))
        top, left = rows[row], columns[column]
        patch = Patch(depth[section], top, left, top + height, left + width)
        if not _is_annotated(annotations, patch):
            free.append(patch)
    if len(free) > most:
        free = [free[i] for i in random.permutation(len(free))[:most]]
    return tuple(sorted(free))


def overlap(one: Patch, other: Patch) -> float:
    """Return the share of the smaller patch that two have in common."""
    if one.section != other.section:
        return 0.0
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    width = min(one.right, other.right) - max(one.left, other.left)
    least = min(one.size[0] * one.size[1], other.size[0] * other.size[1])
    return max(height, 0) * max(width, 0) / least


def _is_annotated(annotations: Annotations, patch: Patch) -> bool:
    if any(overlap(patch, done) > _ANNOTATED for done in annotations.patches):
        return True
    labels = annotations.crop(patch.section, patch.box)
    return float((labels > 0).mean()) > _ANNOTATED
