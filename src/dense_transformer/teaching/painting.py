"""What is painted on an image, and the changes that can be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from dense_transformer.teaching.annotations import Patch
from dense_transformer.teaching.canvas import Canvas
from dense_transformer.teaching.compaction import compact_lines
from dense_transformer.teaching.journal_lines import (
    LONGEST_LINE,
    Change,
    pack_change,
    pack_line,
    read_line,
    unpack_change,
)
from dense_transformer.teaching.undo import UndoStack
from dense_transformer.types import Array


class Painting:
    """A canvas that is changed step by step; each step is said by a line.

    Parameters
    ----------
    canvas : Canvas
        What is painted.
    undo : UndoStack
        What of it can be taken back.
    number : int
        Of the last change.
    """

    def __init__(self, canvas: Canvas, undo: UndoStack, number: int) -> None:
        self.canvas, self.undo, self.number = canvas, undo, number

    def difference(
        self,
        paint: Sequence[tuple[int, int, int, Array]],
        add: Sequence[Patch],
        remove: Sequence[Patch],
    ) -> Change | None:
        """Return the change that leads to what is wanted; None if it is there.

        Parameters
        ----------
        paint : sequence of (section, top, left, labels)
            Boxes and their new labels (h, w).
        add, remove : sequence of Patch
            Boxes that are annotated as a whole from then on, or no longer.

        Raises
        ------
        ProjectError
            If a box isn't inside the image, or a label is no class.
        """
        canvas = self.canvas
        pieces = [p for part in paint for p in canvas.differences(*part)]
        for patch in add:
            canvas.check_box(patch.section, patch.box)
        added = tuple(p for p in dict.fromkeys(add) if p not in canvas.patches)
        removed = tuple(p for p in dict.fromkeys(remove) if p in canvas.patches)
        if not (pieces or added or removed):
            return None
        return Change(self.number + 1, tuple(pieces), added, removed)

    def make(self, change: Change) -> Iterator[bytes]:
        """Make a new change; yield a line once what it says is made.

        Where the change is too large for a line, it is made as several, of which each
        is a step of its own to undo.
        """
        line = pack_line(pack_change(change))
        if len(line) > LONGEST_LINE and len(change.pieces) > 1:
            half = len(change.pieces) // 2
            first, rest = change.pieces[:half], change.pieces[half:]
            yield from self.make(Change(change.number, first, (), change.removed))
            yield from self.make(Change(self.number + 1, rest, change.added))
            return
        self.canvas.apply(change)
        self.undo.push(change.number, line)
        self.number = change.number
        yield line

    def turn(self, word: Literal["undo", "redo"]) -> tuple[Change, bytes] | None:
        """Undo or redo; return what that changes and its line, None if nothing can."""
        undoing = word == "undo"
        found = self.undo.next_undo() if undoing else self.undo.next_redo()
        if found is None:
            return None
        number, line = found
        shape, classes = self.canvas.shape, self.canvas.classes
        change = unpack_change(read_line(line) or {}, shape, len(classes))
        if undoing:
            change = change.inverted()
            self.undo.undo()
        else:
            self.undo.redo()
        self.canvas.apply(change)
        return change, pack_line({word: number})

    def lines(self) -> list[bytes]:
        """Return the least lines of a journal that say all of this."""
        return compact_lines(self.canvas, self.undo, self.number)
