"""A journal read again, line by line, into what was painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dense_transformer.errors import ProjectError
from dense_transformer.teaching.canvas import Canvas
from dense_transformer.teaching.journal_file import read_lines
from dense_transformer.teaching.journal_lines import (
    FORMAT,
    VERSION,
    Change,
    read_line,
    unpack_change,
)
from dense_transformer.teaching.undo import UndoStack


class JournalReading:
    """What a journal's file says: what is painted, can be undone, and is wrong.

    Lines that are damaged are left out and counted; the rest still counts, as
    each change says what was there after it.

    Parameters
    ----------
    path : Path
        The file; where it isn't there, nothing is painted.
    canvas : Canvas
        An empty one, which is painted on.

    Attributes
    ----------
    undo : UndoStack
        What can be taken back.
    end : int
        Where the last whole line ends, bytes; 0 without a file.
    number, lines, damaged : int
        The last change's number; lines read, and how many are damaged.
    notices : tuple of str
        What is wrong, for people.

    Raises
    ------
    ProjectError
        If the file is no journal, too new, of an image of another size, or can't
        be read.
    """

    def __init__(self, path: Path, canvas: Canvas) -> None:
        self._path, self._canvas = path, canvas
        self.undo = UndoStack()
        self.number = self.lines = self.damaged = self.end = 0
        self.notices: tuple[str, ...] = ()
        if path.exists():
            torn = self._read()
            self._judge(torn)

    def _read(self) -> bool:
        """Read all lines; return whether the last one is torn."""
        torn, first = False, True
        for line, stop in read_lines(self._path):
            self.damaged += torn  # what seemed the torn end is in the middle
            torn = not line.endswith(b"\n")
            if not torn:
                self.lines += 1
                self.damaged += not self._take(read_line(line), line, first)
                self.end = stop
            first = False
        return torn

    def _judge(self, torn: bool) -> None:
        if self.damaged >= self.lines and (self.lines or torn):
            raise ProjectError(
                f"{self._path} is no journal of annotations, or all of it is damaged; "
                "bring it back from a backup, or move it away to begin anew"
            )
        notices = []
        if torn:
            notices.append(
                f"the last change in {self._path.name} wasn't finished and is left out"
            )
        if self.damaged:
            notices.append(
                f"{self.damaged} of {self.lines} lines of {self._path} are damaged; "
                "what they changed is missing"
            )
        self.notices = tuple(notices)

    def _take(self, record: dict[str, Any] | None, line: bytes, first: bool) -> bool:
        """Do what a line says; return False if it can't be done."""
        if record is None:
            return False
        if first:
            self._check_header(record)
            return True
        try:
            if "base" in record:
                self._canvas.apply(self._change(record["base"]))
            elif "n" in record:
                change = self._change(record)
                self._canvas.apply(change)
                self.undo.push(change.number, line)
                self.number = max(self.number, change.number)
            else:
                return self._turn(record)
        except ProjectError:
            return False
        return True

    def _turn(self, record: dict[str, Any]) -> bool:
        """Undo or redo the change that a line names; False if it isn't the next."""
        undoing = "undo" in record
        found = self.undo.next_undo() if undoing else self.undo.next_redo()
        if found is None or found[0] != record.get("undo" if undoing else "redo"):
            return False
        change = self._change(read_line(found[1]))
        self._canvas.apply(change.inverted() if undoing else change)
        (self.undo.undo if undoing else self.undo.redo)()
        return True

    def _change(self, record: Any) -> Change:
        return unpack_change(record, self._canvas.shape, len(self._canvas.classes))

    def _check_header(self, header: dict[str, Any]) -> None:
        """Raise ProjectError unless the journal is one that belongs to the image."""
        version = header.get("version")
        if header.get("journal") != FORMAT or not isinstance(version, int):
            raise ProjectError(f"{self._path} is no journal of annotations")
        if version > VERSION:
            raise ProjectError(
                f"{self._path} is of version {version}, newer than {VERSION} that is "
                "known here; update napari-dtn"
            )
        for what, ours in (
            ("shape", list(self._canvas.shape)),
            ("classes", list(self._canvas.classes)),
        ):
            if header.get(what) != ours:
                raise ProjectError(
                    f"{self._path} was painted on an image with {what} "
                    f"{header.get(what)}, this one has {ours}; give the image that "
                    "was annotated"
                )
        number = header.get("number")
        self.number = number if isinstance(number, int) and number >= 0 else 0
