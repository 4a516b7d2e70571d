"""An open journal: what it says, and the file that keeps it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.files import atomic_write
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.canvas import Canvas
from dense_transformer.teaching.compaction import header_line
from dense_transformer.teaching.journal_reading import JournalReading
from dense_transformer.teaching.journal_store import JournalStore
from dense_transformer.teaching.painting import Painting
from dense_transformer.teaching.rescue import take_up
from dense_transformer.types import Array, Box

COMPACT_AT = 4000  # lines above which a journal is written anew when it is closed


class OpenJournal:
    """What a journal says and where it is kept, from its opening to its end.

    `Journal`, which changes it, describes parameters and errors.
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
        taken_up = take_up(path) if write else ""
        canvas = Canvas(shape, classes)
        read = JournalReading(path, canvas)
        self._painting = Painting(canvas, read.undo, read.number)
        self.notices = (*read.notices, *filter(None, [taken_up]))
        end, lines = read.end, read.lines
        if write and lines == 0:  # no file, or an empty one
            header = header_line(canvas, 0)
            atomic_write(path, header)
            end, lines = len(header), 1
        self._store = JournalStore(path, end, lines, read.damaged) if write else None

    def annotations(self) -> Annotations:
        """Return what is annotated now; later changes leave it alone."""
        with self._lock:
            return self._painting.canvas.annotations()

    def read(self, section: int, box: Box | None = None) -> Array:
        """Return a copy of the labels (h, w) of a section, or of a box of it."""
        with self._lock:
            labels = self._painting.canvas.labels
            return labels.read(section, box or (0, 0, *self.shape[1:]))

    @property
    def pixels(self) -> tuple[int, ...]:
        """Annotated pixels of each class; known at once."""
        return self._painting.canvas.pixels

    @property
    def patches(self) -> tuple[Patch, ...]:
        """The boxes that are annotated as a whole, in the order of their drawing."""
        with self._lock:
            return tuple(self._painting.canvas.patches)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._painting.undo.next_undo() is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return self._painting.undo.next_redo() is not None

    @property
    def unsaved(self) -> int:
        """Changes that a full disk keeps in memory; 0 as a rule."""
        return self._store.waiting if self._store is not None else 0

    @property
    def safe(self) -> bool:
        """Whether all is on the disk or, after a `close` that failed, put aside."""
        return self._store is None or self._store.safe

    def sync(self) -> None:
        """Return when everything is on the disk; raises WriteError if it can't be."""
        with self._lock:
            if self._store is not None:
                self._store.sync()

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
            store = self._store
            if store is None:
                return
            if store.lines > COMPACT_AT and not store.waiting:
                with contextlib.suppress(WriteError):  # there is no room: never mind
                    self.compact()
            try:
                store.close(self._painting.lines, give_up=give_up)
            finally:
                if give_up or not store.waiting:
                    self._store = None

    def compact(self) -> None:
        """Write the journal anew: what is painted, and the changes one can take back.

        Killed at any moment, either the old or the new file is there.

        Raises
        ------
        WriteError
            If there is no room for it; the old file stays.
        """
        with self._lock:
            self._writable().rewrite(self._painting.lines())

    def _writable(self) -> JournalStore:
        if self._store is None:
            raise ProjectError(
                f"{self.path} was opened only to look, or is closed; open the project "
                "for writing"
            )
        return self._store
