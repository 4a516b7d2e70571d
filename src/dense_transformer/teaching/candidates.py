"""Patches of an image that could be annotated next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dense_transformer.inference.tiles import plan_axis
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.types import Image

_ANNOTATED = 0.25  # share of a patch's pixels above which it is left out
_LEAST_PX = 64  # side of the smallest patch that is tried by itself


def plan_places(
    image: Image,
    annotations: Annotations,
    size: tuple[int, int],
    most: int,
    sections: Sequence[int] | None = None,
    seed: int = 0,
    multiple: int = 1,
) -> tuple[Patch, ...]:
    """Return what `plan_candidates` does, of smaller patches where none is left.

    The sides are halved until a patch is found, down to 64 px, or to the `multiple`
    that a network asks for where that is more.
    """
    least = max(_LEAST_PX, multiple)
    while True:
        found = plan_candidates(image, annotations, size, most, sections, seed)
        if found or max(size) <= least:
            return found
        size = _halve(size[0], least), _halve(size[1], least)


def plan_candidates(
    image: Image,
    annotations: Annotations,
    size: tuple[int, int],
    most: int,
    sections: Sequence[int] | None = None,
    seed: int = 0,
) -> tuple[Patch, ...]:
    """Return at most `most` patches to annotate, spread over the image.

    At most a quarter of a patch is annotated, by strokes or by other patches.

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


def _halve(side: int, least: int) -> int:
    """Return half a side, but at least `least`; what is smaller stays."""
    return min(side, max(least, side // 2))


def _is_annotated(annotations: Annotations, patch: Patch) -> bool:
    done = annotations.crop(patch.section, patch.box) > 0
    for other in annotations.patches:
        if other.section == patch.section:
            top, left = other.top - patch.top, other.left - patch.left
            bottom, right = other.bottom - patch.top, other.right - patch.left
            done[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return float(done.mean()) > _ANNOTATED
