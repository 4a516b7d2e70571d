"""Boxes (top, left, bottom, right), px: joined, grown, and laid inside an image."""

from __future__ import annotations

from collections.abc import Iterable

from dense_transformer.types import Box


def merge(boxes: Iterable[Box]) -> list[Box]:
    """Return boxes that cover the given ones and don't overlap."""
    merged: list[Box] = []
    for box in boxes:
        new, rest = box, merged
        while met := [other for other in rest if _overlap(new, other)]:
            rest = [other for other in rest if other not in met]
            new = (
                min(new[0], *(b[0] for b in met)),
                min(new[1], *(b[1] for b in met)),
                max(new[2], *(b[2] for b in met)),
                max(new[3], *(b[3] for b in met)),
            )
        merged = [*rest, new]
    return merged


def holds(outer: Box, inner: Box) -> bool:
    """Return whether a box has all of another in it."""
    return all(outer[i] <= inner[i] and inner[i + 2] <= outer[i + 2] for i in (0, 1))


def grow(box: Box, margin: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return a box with `margin` (y, x) around it, cut to an image of `size` (h, w)."""
    return (
        max(0, box[0] - margin[0]),
        max(0, box[1] - margin[1]),
        min(size[0], box[2] + margin[0]),
        min(size[1], box[3] + margin[1]),
    )


def surround(box: Box, patch: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return a box at least as large as a patch around `box`, inside if that fits.

    Parameters
    ----------
    box : Box
        What it is about; may reach over the image.
    patch, size : tuple of int
        Height and width of a patch and of the image.
    """
    spans = []
    for axis in (0, 1):
        low, high = max(0, box[axis]), min(size[axis], box[axis + 2])
        side = min(size[axis], max(patch[axis], high - low))
        start = min(max(0, (low + high - side) // 2), size[axis] - side)
        spans.append((start, start + side))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2]
        and other[0] < one[2]
        and one[1] < other[3]
        and other[1] < one[3]
    )
