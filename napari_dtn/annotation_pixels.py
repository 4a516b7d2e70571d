"""The painted pixels of an image: as they are on screen, and as they were kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from dense_transformer.types import Array, Box
from napari_dtn.annotation_layer import AS_PREDICTED, stack_of
from napari_dtn.annotation_strokes import Region

if TYPE_CHECKING:
    from dense_transformer.teaching import Change

# Drawing so many pixels anew costs more than drawing everything: 25 ms at 4096².
MANY_PX = 1 << 17
NO_CLASS = AS_PREDICTED - 1  # what stands for labels that no byte can hold
Painted = tuple[int, int, int, Array]  # section, top, left, labels (h, w)


class Pixels:
    """Two arrays (z, y, x): what is on the layer, and what was handed on last.

    What differs between them has been painted since. Nothing here takes longer
    than the boxes that it is given.

    Parameters
    ----------
    labels, kept : ndarray, shape (z, y, x), uint8
        0 = not annotated, else class index + 1; equal at first.
    classes : int
        How many there are.

    Attributes
    ----------
    layer : napari.layers.Labels or None
        Shows `labels`; None while there is no layer.
    drawing : bool
        Whether this, and not the person, changes pixels just now.
    """

    def __init__(self, labels: Array, kept: Array, classes: int) -> None:
        self.labels, self._kept, self._classes = labels, kept, classes
        self.layer: Any = None
        self.drawing = False

    def read(self, section: int, box: Box) -> Array:
        """Return a view of the labels (h, w) in a box."""
        top, left, bottom, right = box
        return self.labels[section, top:bottom, left:right]

    def kept(self, section: int, box: Box) -> Array:
        """Return a view of what was handed on last in a box."""
        top, left, bottom, right = box
        return self._kept[section, top:bottom, left:right]

    def missing(self, section: int, box: Box) -> int:
        """Return how many pixels of a box are not annotated yet."""
        part = self.read(section, box)
        return int(part.size - np.count_nonzero(part))

    def write(self, section: int, top: int, left: int, labels: Array) -> None:
        """Change pixels of a box, and draw them anew where they are on screen."""
        height, width = labels.shape
        part = self.read(section, (top, left, top + height, left + width))
        different = part != labels
        count = np.count_nonzero(different)
        if count == 0:
            return
        layer, drawing = self.layer, self.drawing
        if layer is None or count > MANY_PX:
            part[...] = labels
            self._draw()
            return
        rows, columns = np.nonzero(different)
        indices: tuple[Array, ...] = (rows + top, columns + left)
        if layer.ndim > 2:
            lead = [np.zeros_like(rows)] * (layer.ndim - 3)
            indices = (*lead, np.full_like(rows, section), *indices)
        self.drawing = True
        try:
            layer.data_setitem(indices, labels[rows, columns])
        finally:
            self.drawing = drawing

    def take(self, regions: Iterable[Region]) -> tuple[list[Painted], int]:
        """Return what has been painted in boxes and keep it; and a strange label.

        A label that is no class becomes what was there before; 0: there was none.
        """
        painted: list[Painted] = []
        strange = 0
        for first, last, *box in regions:
            for section in range(first, last):
                strange = max(strange, self._put_back(section, tuple(box)))
                painted += self._take(section, tuple(box))
        return painted, strange

    def take_all(self, section: int, box: Box) -> Painted:
        """Return all of a box, and keep it."""
        after = self.read(section, box).copy()
        self.kept(section, box)[...] = after
        return section, box[0], box[1], after

    def apply(self, change: Change) -> None:
        """Show what an undo, a redo or an import has changed.

        What was painted over since it was asked for stays: its own change is on
        the way.
        """
        many = sum(piece.after.size for piece in change.pieces) > MANY_PX
        for piece in change.pieces:
            height, width = piece.after.shape
            box = (piece.top, piece.left, piece.top + height, piece.left + width)
            now, kept = self.read(piece.section, box), self.kept(piece.section, box)
            ours = now == kept
            ours &= kept == piece.before
            np.copyto(kept, piece.after, where=ours)
            if many:
                np.copyto(now, piece.after, where=ours)
            else:
                new = np.where(ours, piece.after, now)
                self.write(piece.section, piece.top, piece.left, new)
        if many:
            self._draw()

    def take_over(self, ours: Array) -> list[Region]:
        """Use other data that somebody has given the layer; return where to look.

        Those of another type, such as napari's *Convert data type* makes, and those
        that can't be painted on are copied. Those of another size are not taken: the
        layer shows again what it did.

        Parameters
        ----------
        ours : ndarray, uint8
            `labels` with the axes of the layer, a view.
        """
        data = self.layer.data
        if tuple(data.shape) != ours.shape:
            self._give_back(ours)
            return []
        in_memory = isinstance(data, np.ndarray) and data.flags.writeable
        if in_memory and data.dtype == np.uint8:
            self.labels = stack_of(self.layer)
        else:
            values = np.asarray(data)
            strange = (values < 0) | (values > AS_PREDICTED)
            ours[...] = np.where(strange, NO_CLASS, values).astype(np.uint8)
            self._give_back(ours)
        depth, height, width = self.labels.shape
        return [(0, depth, 0, 0, height, width)]

    def _give_back(self, ours: Array) -> None:
        """Let the layer show our pixels again."""
        self.drawing = True
        try:
            self.layer.data = ours
        finally:
            self.drawing = False

    def _draw(self) -> None:
        """Draw everything anew."""
        if self.layer is not None:
            self.layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _take(self, section: int, box: Box) -> list[Painted]:
        now, old = self.read(section, box), self.kept(section, box)
        if np.array_equal(now, old):
            return []
        different = now != old
        rows = np.flatnonzero(different.any(1))
        columns = np.flatnonzero(different.any(0))
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        after = now[part].copy()
        old[part] = after
        return [(section, box[0] + int(rows[0]), box[1] + int(columns[0]), after)]

    def _put_back(self, section: int, box: Box) -> int:
        now = self.read(section, box)
        most = int(now.max(initial=0))
        if most <= self._classes:
            return 0
        old = self.kept(section, box)
        new = np.where(now > self._classes, old, now)
        self.write(section, box[0], box[1], new)
        return most if most != AS_PREDICTED else 0
