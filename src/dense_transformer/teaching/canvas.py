"""What is painted on one image at a moment, and how changes alter it."""

from __future__ import annotations

import numpy as np

from dense_transformer.errors import ProjectError
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.journal_lines import PIECE_PX, Change, Piece, check_box
from dense_transformer.teaching.sparse_labels import PaintedLabels
from dense_transformer.types import Array, Box


class Canvas:
    """Labels, patches and counts of one image.

    Parameters
    ----------
    shape : tuple of int
        (z, y, x) of the image.
    classes : tuple of str
        Names of the classes.
    """

    def __init__(self, shape: tuple[int, int, int], classes: tuple[str, ...]) -> None:
        self.shape, self.classes = shape, classes
        self.labels = PaintedLabels(shape)
        self.patches: dict[Patch, None] = {}  # in the order of their drawing
        self._counts = np.zeros(256, np.int64)

    @property
    def pixels(self) -> tuple[int, ...]:
        """Annotated pixels of each class."""
        return tuple(int(n) for n in self._counts[1 : len(self.classes) + 1])

    def annotations(self) -> Annotations:
        """Return what is annotated now; later changes leave it alone."""
        return Annotations(self.labels.frozen(), tuple(self.patches), self.classes)

    def copy(self) -> Canvas:
        """Return a canvas to be changed on its own."""
        copy = Canvas(self.shape, self.classes)
        copy.labels = self.labels.painted_copy()
        copy.patches = dict(self.patches)
        copy._counts = self._counts.copy()
        return copy

    def apply(self, change: Change) -> None:
        """Make a change."""
        for piece in change.pieces:
            height, width = piece.after.shape
            box = (piece.top, piece.left, piece.top + height, piece.left + width)
            old = self.labels.read(piece.section, box)
            self._counts += np.bincount(piece.after.ravel(), minlength=256)
            self._counts -= np.bincount(old.ravel(), minlength=256)
            self.labels.write(piece.section, piece.top, piece.left, piece.after)
        for patch in change.removed:
            self.patches.pop(patch, None)
        for patch in change.added:
            self.patches[patch] = None

    def check_box(self, section: int, box: Box) -> None:
        """Raise ProjectError unless a box of a section lies within the image."""
        try:
            check_box(section, box, self.shape)
        except ValueError as error:
            raise ProjectError(str(error)) from error

    def filled(self, patch: Patch, fill: int | Array) -> Array:
        """Return the labels (h, w) of a box, with `fill` where there are none.

        Raises
        ------
        ProjectError
            If the box isn't inside the image.
        """
        self.check_box(patch.section, patch.box)
        labels = self.labels.read(patch.section, patch.box)
        return np.where(labels == 0, np.asarray(fill), labels)

    def differences(
        self, section: int, top: int, left: int, after: Array
    ) -> list[Piece]:
        """Return what differs between new labels (h, w) of a box and those here.

        Raises
        ------
        ProjectError
            If the box isn't inside the image, or a label is no class.
        """
        height, width = after.shape
        self.check_box(section, (top, left, top + height, left + width))
        if after.dtype.kind not in "biu" or not (
            int(after.min()) >= 0 and int(after.max()) <= len(self.classes)
        ):
            raise ProjectError(
                f"labels from {after.min()} to {after.max()}: use 0 for what isn't "
                f"annotated and 1 to {len(self.classes)} for the classes"
            )
        pieces = []
        for y in range(0, height, PIECE_PX):
            for x in range(0, width, PIECE_PX):
                new = after[y : y + PIECE_PX, x : x + PIECE_PX].astype(np.uint8)
                piece = self._difference(section, top + y, left + x, new)
                if piece is not None:
                    pieces.append(piece)
        return pieces

    def _difference(
        self, section: int, top: int, left: int, new: Array
    ) -> Piece | None:
        """Return the least box of `new` that holds all that differs, if any."""
        box = (top, left, top + new.shape[0], left + new.shape[1])
        old = self.labels.read(section, box)
        different = new != old
        if not different.any():
            return None
        rows = np.flatnonzero(different.any(1))
        columns = np.flatnonzero(different.any(0))
        cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Piece(
            section,
            top + int(rows[0]),
            left + int(columns[0]),
            old[cut].copy(),
            new[cut].copy(),
        )
