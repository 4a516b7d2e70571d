"""All that was ever painted on an image, change by change, safe from crashes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.files import atomic_write
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.canvas import Canvas
from dense_transformer.teaching.compaction import compact_lines, header_line
from dense_transformer.teaching.journal_file import JournalFile
from dense_transformer.teaching.journal_lines import (
    LONGEST_LINE,
    Change,
    pack_change,
    pack_line,
    read_line,
    unpack_change,
)
from dense_transformer.teaching.journal_reading import JournalReading
from dense_transformer.teaching.rescue import put_aside, take_up
from dense_transformer.types import Array, Box

COMPACT_AT = 4000  # lines above which a journal is written anew when it is closed


class Journal:
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

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int, int],
        classes: tuple[str, ...],
        *,
        write: bool = True,
    ) -> None:
        self.path, self.shape, self.classes = path, shape, classes
        self._lock = threading.RLock()
        self._canvas = Canvas(shape, classes)
        self._aside: Path | None = None  # where all of it is, while the disk is full
        taken_up = take_up(path) if write else ""
        read = JournalReading(path, self._canvas)
        self._undo, self._number = read.undo, read.number
        self._lines, self._damaged = read.lines, read.damaged
        self.notices = (*read.notices, *filter(None, [taken_up]))
        end = read.end
        if write and read.lines == 0:  # no file, or an empty one
            header = header_line(self._canvas, 0)
            atomic_write(path, header)
            end, self._lines = len(header), 1
        self._file = JournalFile(path, end) if write else None

    # What is there

    def annotations(self) -> Annotations:
        """Return what is annotated now; later changes leave it alone."""
        with self._lock:
            return self._canvas.annotations()

    def read(self, section: int, box: Box | None = None) -> Array:
        """Return a copy of the labels (h, w) of a section, or of a box of it."""
        with self._lock:
            return self._canvas.labels.read(section, box or (0, 0, *self.shape[1:]))

    @property
    def pixels(self) -> tuple[int, ...]:
        """Annotated pixels of each class; known at once."""
        return self._canvas.pixels

    @property
    def patches(self) -> tuple[Patch, ...]:
        """The boxes that are annotated as a whole, in the order of their drawing."""
        with self._lock:
            return tuple(self._canvas.patches)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._undo.next_undo() is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return self._undo.next_redo() is not None

    @property
    def unsaved(self) -> int:
        """Changes that a full disk keeps in memory; 0 as a rule."""
        return self._file.waiting if self._file is not None else 0

    # Changing it

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
            self._canvas.check_box(patch.section, patch.box)
            after = self._canvas.labels.read(patch.section, patch.box)
            filled = np.where(after == 0, np.asarray(fill), after)
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
    ) -> Change | None:
        """Make one change of many parts, such as a stroke over several sections.

        Parameters
        ----------
        paint : sequence of (section, top, left, labels)
            Boxes and their new labels (h, w).
        add, remove : sequence of Patch
            Boxes that are annotated as a whole from now on, or no longer.

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
            self._writable()
            canvas = self._canvas
            pieces = [p for part in paint for p in canvas.differences(*part)]
            for patch in add:
                canvas.check_box(patch.section, patch.box)
            added = tuple(p for p in dict.fromkeys(add) if p not in canvas.patches)
            removed = tuple(p for p in dict.fromkeys(remove) if p in canvas.patches)
            if not (pieces or added or removed):
                return None
            change = Change(self._number + 1, tuple(pieces), added, removed)
            self._make(change)
            return change

    def undo(self) -> Change | None:
        """Take back the last change; return what that changes now, or None.

        Raises
        ------
        ProjectError, WriteError
            As `paint` does.
        """
        with self._lock:
            return self._turn("undo", self._undo.next_undo())

    def redo(self) -> Change | None:
        """Do again what was taken back last; return what changes now, or None."""
        with self._lock:
            return self._turn("redo", self._undo.next_redo())

    # Its file

    def sync(self) -> None:
        """Return when everything is on the disk; raises WriteError if it can't be."""
        with self._lock:
            if self._file is not None:
                self._file.sync()

    def close(self, *, give_up: bool = False) -> None:
        """Put everything on the disk and let go.

        Parameters
        ----------
        give_up : bool
            Let go even where that fails. What a full disk kept in memory is put
            aside in the user's own data, if there is room, and taken up later.

        Raises
        ------
        WriteError
            If the disk is full; unless `give_up`, the journal stays open.
        """
        with self._lock:
            if self._file is None:
                return
            if self._lines > COMPACT_AT and not self.unsaved:
                with contextlib.suppress(WriteError):  # there is no room: never mind
                    self.compact()
            size, waiting = self._file.size, self.unsaved
            try:
                self._file.close(give_up=give_up)
            except WriteError as error:
                raise self._put_aside(error, size) if waiting else error from error
            finally:
                if give_up or not self.unsaved:
                    self._file = None
            if self._aside is not None:  # it wasn't needed after all
                with contextlib.suppress(OSError):
                    self._aside.unlink()

    def compact(self) -> None:
        """Write the journal anew: what is painted, and the changes one can take back.

        Killed at any moment, either the old or the new file is there.

        Raises
        ------
        WriteError
            If there is no room for it; the old file stays.
        """
        with self._lock:
            file = self._writable()
            file.sync()
            if self._damaged:
                self._keep_copy()
            lines = compact_lines(self._canvas, self._undo, self._number)
            atomic_write(self.path, b"".join(lines))
            file.close()
            self._file = JournalFile(self.path, sum(map(len, lines)))
            self._lines, self._damaged = len(lines), 0

    def _put_aside(self, error: WriteError, size: int) -> WriteError:
        """Keep everything elsewhere; return the error that says where."""
        lines = compact_lines(self._canvas, self._undo, self._number)
        self._aside = put_aside(self.path, size, lines)
        if self._aside is None:
            return error
        return WriteError(
            f"{error}. Until then all of it is kept in {self._aside}, and is taken up "
            "when the project is opened again"
        )

    def _keep_copy(self) -> None:
        """Keep a damaged file beside the one that replaces it."""
        number = 1
        while (path := self.path.with_suffix(f".damaged-{number}")).exists():
            number += 1
        atomic_write(path, self.path.read_bytes())

    def _make(self, change: Change) -> None:
        """Make a new change and write it, as several where it is too large for a line.

        Each of those is a step of its own to undo.
        """
        line = pack_line(pack_change(change))
        if len(line) > LONGEST_LINE and len(change.pieces) > 1:
            half = len(change.pieces) // 2
            first, rest = change.pieces[:half], change.pieces[half:]
            self._make(Change(change.number, first, (), change.removed))
            self._make(Change(self._number + 1, rest, change.added))
            return
        self._canvas.apply(change)
        self._undo.push(change.number, line)
        self._number = change.number
        self._append(line)

    def _turn(self, word: str, found: tuple[int, bytes] | None) -> Change | None:
        """Undo or redo the change that was found; return what that changes."""
        self._writable()
        if found is None:
            return None
        record = read_line(found[1]) or {}
        change = unpack_change(record, self.shape, len(self.classes))
        if word == "undo":
            change = change.inverted()
            self._undo.undo()
        else:
            self._undo.redo()
        self._canvas.apply(change)
        self._append(pack_line({word: found[0]}))
        return change

    def _append(self, line: bytes) -> None:
        self._lines += 1
        self._writable().append(line)

    def _writable(self) -> JournalFile:
        if self._file is None:
            raise ProjectError(
                f"{self.path} was opened only to look, or is closed; open the project "
                "for writing"
            )
        return self._file
