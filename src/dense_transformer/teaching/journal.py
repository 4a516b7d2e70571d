"""All that was ever painted on an image, change by change, safe from crashes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from dense_transformer.errors import WriteError
from dense_transformer.teaching.annotations import Patch
from dense_transformer.teaching.journal_lines import Change
from dense_transformer.teaching.open_journal import OpenJournal
from dense_transformer.types import Array


class Journal(OpenJournal):
    """The annotations of one image and how they came about.

    Every change is appended to a file at once: a killed process loses none that
    a method has returned from. Undo and redo go across sections and sessions.
    Methods may be called from any thread, one at a time gets through.

    Parameters
    ----------
    path : Path
        The file; made if it isn't there and `write`.
    shape : tuple of int
        (z, y, x) of the image; z = 1 for a single one.
    classes : tuple of str
        Names of the classes.
    write : bool
        False: only look, as others may while somebody paints.

    Attributes
    ----------
    notices : tuple of str
        What was wrong with the file, for people; empty as a rule.

    Raises
    ------
    ProjectError
        If the file is no journal, too new, or of an image of another size.
    WriteError
        If the file can't be written.
    """

    def paint(
        self, section: int, top: int, left: int, before: Array | None, after: Array
    ) -> Change | None:
        """Note that a box of a section was painted; return what changed, if anything.

        Parameters
        ----------
        section, top, left : int
            Where the box lies, px.
        before : ndarray, shape (h, w), or None
            What the caller believes was there. The journal goes by what it knows,
            so that an undo leads back to where it was; None is as good.
        after : ndarray, shape (h, w)
            The labels now: 0 = not annotated, else class index + 1. May be much
            larger than what changed, such as a whole section.

        Raises
        ------
        ProjectError
            If the box isn't inside the image, a label is no class, or the project
            was opened only to look.
        WriteError
            If the disk is full: the change is made and waits in memory, see
            `unsaved`, to be written with the next one or by `sync`.
        """
        return self.change(paint=((section, top, left, after),))

    def add_patch(self, patch: Patch, fill: int | Array = 1) -> Change | None:
        """Note a box that is annotated as a whole; what isn't painted in it is filled.

        Parameters
        ----------
        patch : Patch
            The box.
        fill : int or ndarray, shape (h, w)
            Label for the pixels of the box that have none: 1, the first class, by
            default; or labels such as a prediction's; 0 leaves them.

        Raises
        ------
        ProjectError, WriteError
            As `paint` does.
        """
        with self._lock:
            filled = self._painting.canvas.filled(patch, fill)
            box = (patch.section, patch.top, patch.left, filled)
            return self.change(paint=(box,), add=(patch,))

    def remove_patch(self, patch: Patch, *, erase: bool = False) -> Change | None:
        """Note that a box no longer counts as a whole; its labels stay as strokes.

        Parameters
        ----------
        patch : Patch
            One of `patches`.
        erase : bool
            Remove what is painted in it, too.
        """
        empty = np.zeros(patch.size, np.uint8)
        box = ((patch.section, patch.top, patch.left, empty),) if erase else ()
        return self.change(paint=box, remove=(patch,))

    def change(
        self,
        paint: Sequence[tuple[int, int, int, Array]] = (),
        add: Sequence[Patch] = (),
        remove: Sequence[Patch] = (),
        *,
        instead_of: Change | None = None,
    ) -> Change | None:
        """Make one change of many parts, such as a stroke over several sections.

        Parameters
        ----------
        paint : sequence of (section, top, left, labels)
            Boxes and their new labels (h, w).
        add, remove : sequence of Patch
            Boxes that are annotated as a whole from now on, or no longer.
        instead_of : Change, optional
            Taken back before, if it is the last that was made: both are one step then.

        Returns
        -------
        Change or None
            What is different now; None if nothing is.

        Raises
        ------
        ProjectError, WriteError
            As `paint` does.
        """
        with self._lock:
            store = self._writable()
            if instead_of is not None and self._is_last(instead_of):
                with contextlib.suppress(WriteError):  # it waits; so will the change
                    self._turn("undo")
            change = self._painting.difference(paint, add, remove)
            if change is not None:
                for line in self._painting.make(change):
                    store.append(line)
            return change

    def undo(self) -> Change | None:
        """Take back the last change; return what that changes now, or None.

        Raises
        ------
        ProjectError, WriteError
            As `paint` does.
        """
        with self._lock:
            return self._turn("undo")

    def redo(self) -> Change | None:
        """Do again what was taken back last; return what changes now, or None."""
        with self._lock:
            return self._turn("redo")

    def _is_last(self, change: Change) -> bool:
        found = self._painting.undo.next_undo()
        return found is not None and found[0] == change.number

    def _turn(self, word: Literal["undo", "redo"]) -> Change | None:
        """Undo or redo; return what that changes, None if there is nothing."""
        store = self._writable()
        turned = self._painting.turn(word)
        if turned is None:
            return None
        change, line = turned
        store.append(line)
        return change
