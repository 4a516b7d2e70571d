"""All that was ever painted on an image, change by change, safe from crashes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.files import atomic_write
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.journal_file import JournalFile, read_lines
from dense_transformer.teaching.journal_lines import (
    FORMAT,
    LONGEST_LINE,
    PIECE_PX,
    VERSION,
    Change,
    Piece,
    check_box,
    pack_change,
    pack_line,
    read_line,
    unpack_change,
)
from dense_transformer.teaching.sparse_labels import PaintedLabels
from dense_transformer.teaching.undo import UndoStack
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
        self._painted = PaintedLabels(shape)
        self._pixels = np.zeros(256, np.int64)
        self._patches: dict[Patch, None] = {}  # in the order of their drawing
        self._undo = UndoStack()
        self._number = self._lines = self._damaged = 0
        self.notices: tuple[str, ...] = ()
        if write and not path.exists():
            atomic_write(path, self._header())
        end = self._load()
        self._file = JournalFile(path, end) if write else None

    # What is there

    def annotations(self) -> Annotations:
        """Return what is annotated now; later changes leave it alone."""
        with self._lock:
            return Annotations(
                self._painted.frozen(), tuple(self._patches), self.classes
            )

    def read(self, section: int, box: Box | None = None) -> Array:
        """Return a copy of the labels (h, w) of a section, or of a box of it."""
        with self._lock:
            return self._painted.read(section, box or (0, 0, *self.shape[1:]))

    @property
    def pixels(self) -> tuple[int, ...]:
        """Annotated pixels of each class; known at once."""
        return tuple(int(n) for n in self._pixels[1 : len(self.classes) + 1])

    @property
    def patches(self) -> tuple[Patch, ...]:
        """The boxes that are annotated as a whole, in the order of their drawing."""
        with self._lock:
            return tuple(self._patches)

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
            self._check_box(patch.section, patch.box)
            after = self._painted.read(patch.section, patch.box)
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
            file = self._writable()
            pieces = [p for part in paint for p in self._pieces(*part)]
            for patch in add:
                self._check_box(patch.section, patch.box)
            added = tuple(p for p in dict.fromkeys(add) if p not in self._patches)
            removed = tuple(p for p in dict.fromkeys(remove) if p in self._patches)
            if not (pieces or added or removed):
                return None
            change = Change(self._number + 1, tuple(pieces), added, removed)
            line = pack_line(pack_change(change))
            if len(line) > LONGEST_LINE:
                return self._split(change)
            self._take(change, line)
            file.append(line)
            return change

    def undo(self) -> Change | None:
        """Take back the last change; return what that changes now, or None.

        Raises
        ------
        ProjectError, WriteError
            As `paint` does.
        """
        with self._lock:
            file, found = self._writable(), self._undo.next_undo()
            if found is None:
                return None
            change = self._read_change(found[1]).inverted()
            self._undo.undo()
            self._apply(change)
            self._lines += 1
            file.append(pack_line({"undo": found[0]}))
            return change

    def redo(self) -> Change | None:
        """Do again what was taken back last; return what changes now, or None."""
        with self._lock:
            file, found = self._writable(), self._undo.next_redo()
            if found is None:
                return None
            change = self._read_change(found[1])
            self._undo.redo()
            self._apply(change)
            self._lines += 1
            file.append(pack_line({"redo": found[0]}))
            return change

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
            Let go even where that fails, and lose what a full disk kept in memory.

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
            try:
                self._file.close(give_up=give_up)
            finally:
                if give_up or not self.unsaved:
                    self._file = None

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
            lines = [self._header(), *self._base_lines(), *self._undo.done]
            undone = self._undo.undone
            lines += undone
            numbers = [_number(line) for line in reversed(undone)]
            lines += [pack_line({"undo": number}) for number in numbers]
            atomic_write(self.path, b"".join(lines))
            file.close()
            self._file = JournalFile(self.path, sum(map(len, lines)))
            self._lines, self._damaged = len(lines), 0

    def _header(self) -> bytes:
        header = {
            "journal": FORMAT,
            "version": VERSION,
            "shape": list(self.shape),
            "classes": list(self.classes),
            "number": self._number,
        }
        return pack_line(header)

    def _base_lines(self) -> Iterator[bytes]:
        """Yield lines of what was painted before the changes one can take back."""
        base = self._painted.painted_copy()
        patches = dict(self._patches)
        for record in reversed(self._undo.done):
            change = self._read_change(record).inverted()
            _paint(base, change)
            _replace(patches, change)
        cells = dict.fromkeys(
            (section, box[0] // PIECE_PX, box[1] // PIECE_PX)
            for section, box, _ in base.tiles()
        )
        for section, row, column in cells:
            top, left = row * PIECE_PX, column * PIECE_PX
            box = (
                top,
                left,
                min(top + PIECE_PX, self.shape[1]),
                min(left + PIECE_PX, self.shape[2]),
            )
            after = base.read(section, box)
            piece = Piece(section, top, left, np.zeros_like(after), after)
            yield pack_line({"base": pack_change(Change(0, (piece,)))})
        if patches:
            yield pack_line({"base": pack_change(Change(0, (), tuple(patches)))})

    def _keep_copy(self) -> None:
        """Keep a damaged file beside the one that replaces it."""
        number = 1
        while (path := self.path.with_suffix(f".damaged-{number}")).exists():
            number += 1
        atomic_write(path, self.path.read_bytes())

    def _load(self) -> int:
        """Read the file, if it is there; return where its last whole line ends."""
        end = start = 0
        torn = False
        if not self.path.exists():
            return 0
        for line, stop in read_lines(self.path):
            if torn:  # what seemed to be the torn end was something else
                self._damaged += 1
            torn = not line.endswith(b"\n")
            if not torn:
                self._lines += 1
                if not self._replay(read_line(line), line, first=start == 0):
                    self._damaged += 1
                end = stop
            start = stop
        if self._damaged and self._damaged == self._lines:
            raise ProjectError(
                f"{self.path} is no journal of annotations, or all of it is damaged; "
                "bring it back from a backup, or move it away to begin anew"
            )
        if torn:
            self._say(f"the last change in {self.path.name} wasn't finished; left out")
        if self._damaged:
            self._say(
                f"{self._damaged} of {self._lines} lines of {self.path} are damaged; "
                "the changes in them are missing"
            )
        return end

    def _replay(self, record: dict[str, Any] | None, line: bytes, first: bool) -> bool:
        """Do what a line says; return False if it can't be done."""
        if record is None:
            return False
        if "journal" in record and first:
            self._check_header(record)
            return True
        try:
            if "base" in record:
                change = unpack_change(record["base"], self.shape, len(self.classes))
                self._apply(change)
            elif "n" in record:
                change = unpack_change(record, self.shape, len(self.classes))
                self._take(change, line, count=False)
            elif "undo" in record or "redo" in record:
                return self._replay_undo(record)
            else:
                return False
        except ProjectError:
            return False
        return True

    def _replay_undo(self, record: dict[str, Any]) -> bool:
        undoing = "undo" in record
        found = self._undo.next_undo() if undoing else self._undo.next_redo()
        if found is None or found[0] != record["undo" if undoing else "redo"]:
            return False
        change = self._read_change(found[1])
        self._apply(change.inverted() if undoing else change)
        (self._undo.undo if undoing else self._undo.redo)()
        return True

    def _check_header(self, header: dict[str, Any]) -> None:
        """Raise ProjectError unless the journal is one that belongs to this image."""
        if header["journal"] != FORMAT or not isinstance(header.get("version"), int):
            raise ProjectError(f"{self.path} is no journal of annotations")
        if header["version"] > VERSION:
            raise ProjectError(
                f"{self.path} is of version {header['version']}, newer than {VERSION} "
                "that is known here; update napari-dtn"
            )
        if header.get("shape") != list(self.shape):
            raise ProjectError(
                f"{self.path} is for an image of {header.get('shape')} (z, y, x), this "
                f"one has {list(self.shape)}; give the image that was annotated"
            )
        if header.get("classes") != list(self.classes):
            raise ProjectError(
                f"{self.path} has the classes {header.get('classes')}, the project "
                f"{list(self.classes)}; make a project of its own for others"
            )
        number = header.get("number")
        self._number = number if isinstance(number, int) and number >= 0 else 0

    # Parts of a change

    def _pieces(self, section: int, top: int, left: int, after: Array) -> list[Piece]:
        """Return what differs between a box and what is painted, in small pieces."""
        height, width = after.shape
        self._check_box(section, (top, left, top + height, left + width))
        if not np.isin(after, np.arange(len(self.classes) + 1)).all():
            raise ProjectError(
                f"labels from {after.min()} to {after.max()}: use 0 for what isn't "
                f"annotated and 1 to {len(self.classes)} for the classes"
            )
        pieces = []
        for y in range(0, height, PIECE_PX):
            for x in range(0, width, PIECE_PX):
                new = after[y : y + PIECE_PX, x : x + PIECE_PX].astype(np.uint8)
                at = (top + y, left + x)
                box = (*at, at[0] + new.shape[0], at[1] + new.shape[1])
                old = self._painted.read(section, box)
                different = new != old
                if different.any():
                    rows = np.flatnonzero(different.any(1))[[0, -1]]
                    columns = np.flatnonzero(different.any(0))[[0, -1]]
                    cut = np.s_[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
                    corner = at[0] + int(rows[0]), at[1] + int(columns[0])
                    pieces.append(
                        Piece(section, *corner, old[cut].copy(), new[cut].copy())
                    )
        return pieces

    def _take(self, change: Change, line: bytes, *, count: bool = True) -> None:
        """Make a new change and note that it can be taken back."""
        self._apply(change)
        self._undo.push(change.number, line)
        self._number = max(self._number, change.number)
        self._lines += count

    def _apply(self, change: Change) -> None:
        for piece in change.pieces:
            box_before = self._painted.read(
                piece.section,
                (
                    piece.top,
                    piece.left,
                    piece.top + piece.after.shape[0],
                    piece.left + piece.after.shape[1],
                ),
            )
            self._pixels += np.bincount(piece.after.ravel(), minlength=256)
            self._pixels -= np.bincount(box_before.ravel(), minlength=256)
        _paint(self._painted, change)
        _replace(self._patches, change)

    def _split(self, change: Change) -> Change:
        """Make a change that is too large for one line as several; return all of it."""
        half = len(change.pieces) // 2
        first, rest = change.pieces[:half], change.pieces[half:]
        for pieces, added, removed in (
            (first, (), change.removed),
            (rest, change.added, ()),
        ):
            part = Change(self._number + 1, pieces, added, removed)
            line = pack_line(pack_change(part))
            if len(line) > LONGEST_LINE and len(pieces) > 1:
                self._split(part)
            else:
                self._take(part, line)
                self._writable().append(line)
        return change

    def _read_change(self, line: bytes) -> Change:
        record = read_line(line)
        if record is None:
            raise ProjectError(f"a change of {self.path} can't be read from memory")
        return unpack_change(record, self.shape, len(self.classes))

    def _check_box(self, section: int, box: Box) -> None:
        try:
            check_box(section, box, self.shape)
        except ValueError as error:
            raise ProjectError(str(error)) from error

    def _writable(self) -> JournalFile:
        if self._file is None:
            raise ProjectError(
                f"{self.path} was opened only to look, or is closed; open the project "
                "for writing"
            )
        return self._file

    def _say(self, notice: str) -> None:
        self.notices = (*self.notices, notice)


def _paint(labels: PaintedLabels, change: Change) -> None:
    for piece in change.pieces:
        labels.write(piece.section, piece.top, piece.left, piece.after)


def _replace(patches: dict[Patch, None], change: Change) -> None:
    for patch in change.removed:
        patches.pop(patch, None)
    for patch in change.added:
        patches[patch] = None


def _number(line: bytes) -> int:
    record = read_line(line) or {}
    return int(record["n"])
