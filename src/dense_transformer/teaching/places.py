"""Where something is annotated: patches, and connected groups of strokes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.sparse_labels import TILE_PX
from dense_transformer.types import Array, Box

_TOUCHING = np.ones((3, 3), bool)  # corners count as touching


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A patch, or strokes that touch each other.

    Attributes
    ----------
    section : int
        0-based.
    box : Box
        The patch, or the least box around the strokes.
    pixels : tuple of int
        Annotated pixels of each class.
    patch : Patch or None
        None for strokes.
    labels : ndarray, shape of the box, uint8
        Class index + 1 of the pixels that belong to it, 0 elsewhere.
    """

    section: int
    box: Box
    pixels: tuple[int, ...]
    patch: Patch | None
    labels: Array

    @property
    def mask(self) -> Array:
        """The pixels that belong to it: shape of the box, bool."""
        return self.labels > 0

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box (y, x), px, pixel centres at whole numbers."""
        top, left, bottom, right = self.box
        return (top + bottom - 1) / 2, (left + right - 1) / 2


def find_places(annotations: Annotations) -> tuple[Place, ...]:
    """Return all places by section: its patches, then strokes from top to bottom.

    Strokes inside a patch belong to it; of patches that overlap, to the first.
    """
    return tuple(
        place
        for section in annotations.sections
        for place in _places_on(annotations, section)
    )


def _places_on(annotations: Annotations, section: int) -> Iterator[Place]:
    patches = sorted(p for p in set(annotations.patches) if p.section == section)
    for number, patch in enumerate(patches):
        labels = annotations.crop(section, patch.box)
        mask = labels > 0
        for other in patches[:number]:
            _clear(mask, patch.box, other.box)
        yield _place(annotations, section, patch.box, labels, mask, patch)
    strokes = []
    for window, free in _windows(annotations, section):
        labels = annotations.crop(section, window)
        free &= labels > 0
        for patch in patches:
            _clear(free, window, patch.box)
        groups, _ = ndimage.label(free, _TOUCHING)
        for number, found in enumerate(ndimage.find_objects(groups), 1):
            rows, columns = found
            box = (
                window[0] + rows.start,
                window[1] + columns.start,
                window[0] + rows.stop,
                window[1] + columns.stop,
            )
            mask = groups[found] == number
            strokes.append(_place(annotations, section, box, labels[found], mask, None))
    yield from sorted(strokes, key=lambda place: place.box)


def _place(
    annotations: Annotations,
    section: int,
    box: Box,
    labels: Array,
    mask: Array,
    patch: Patch | None,
) -> Place:
    counts = np.bincount(labels[mask], minlength=256)
    pixels = tuple(int(n) for n in counts[1 : len(annotations.classes) + 1])
    return Place(section, box, pixels, patch, np.where(mask, labels, np.uint8(0)))


def _clear(mask: Array, at: Box, box: Box) -> None:
    """Set to False what of a mask, which lies at the box `at`, lies in `box`."""
    top, left = max(box[0], at[0]) - at[0], max(box[1], at[1]) - at[1]
    bottom, right = min(box[2], at[2]) - at[0], min(box[3], at[3]) - at[1]
    if top < bottom and left < right:
        mask[top:bottom, left:right] = False


def _windows(annotations: Annotations, section: int) -> Iterator[tuple[Box, Array]]:
    """Yield boxes around groups of painted tiles that touch, and where those lie.

    Boxes may overlap, the masks (shape of the box) of two groups don't.
    """
    boxes = [box for _, box, _ in annotations.labels.tiles(section)]
    if not boxes:
        return
    cells = np.array([(box[0] // TILE_PX, box[1] // TILE_PX) for box in boxes])
    low = cells.min(0)
    grid = np.zeros(cells.max(0) - low + 1, bool)
    grid[tuple((cells - low).T)] = True
    groups, _ = ndimage.label(grid, _TOUCHING)
    _, height, width = annotations.labels.shape
    for number, (rows, columns) in enumerate(ndimage.find_objects(groups), 1):
        top, left = (int(rows.start + low[0]), int(columns.start + low[1]))
        top, left = top * TILE_PX, left * TILE_PX
        mask = np.repeat(groups[rows, columns] == number, TILE_PX, 0)
        mask = np.repeat(mask, TILE_PX, 1)[: height - top, : width - left]
        yield (top, left, top + mask.shape[0], left + mask.shape[1]), mask
