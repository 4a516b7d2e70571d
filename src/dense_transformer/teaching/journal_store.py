"""A journal on the disk: appended to, written anew, or put aside where it is full."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from dense_transformer.errors import WriteError
from dense_transformer.files import atomic_write
from dense_transformer.teaching.journal_file import JournalFile
from dense_transformer.teaching.rescue import put_aside


class JournalStore:
    """Where the lines of a journal are kept.

    Parameters
    ----------
    path : Path
        Its file, which is there.
    end : int
        Where its last whole line ends, bytes.
    lines, damaged : int
        How many there are, and how many of them can't be read.

    Raises
    ------
    WriteError
        If the file can't be written.
    """

    def __init__(self, path: Path, end: int, lines: int, damaged: int) -> None:
        self.path, self.lines = path, lines
        self._damaged = damaged
        self._file = JournalFile(path, end)
        self._aside: Path | None = None  # where all of it is, while the disk is full

    @property
    def waiting(self) -> int:
        """Lines that a full disk keeps in memory; 0 as a rule."""
        return self._file.waiting

    @property
    def safe(self) -> bool:
        """Whether nothing waits in memory that wasn't put aside when it was closed."""
        return not self._file.waiting or self._aside is not None

    def append(self, line: bytes) -> None:
        """Write a line behind all that wait; raises WriteError, and then it waits."""
        self.lines += 1
        self._file.append(line)

    def sync(self) -> None:
        """Return when everything is on the disk; raises WriteError if it can't be."""
        self._file.sync()

    def rewrite(self, lines: list[bytes]) -> None:
        """Put other lines that say the same in the place of those that are there.

        Raises
        ------
        WriteError
            If there is no room for it; the old file stays.
        """
        self._file.sync()
        if self._damaged:
            self._keep_copy()
        atomic_write(self.path, b"".join(lines))
        self._file.close()
        self._file = JournalFile(self.path, sum(map(len, lines)))
        self.lines, self._damaged = len(lines), 0

    def close(
        self, all_lines: Callable[[], list[bytes]], *, give_up: bool = False
    ) -> None:
        """Put everything on the disk and let go of the file.

        Parameters
        ----------
        all_lines : callable
            Returns all that the file should hold. What a full disk kept in memory is
            put aside with it in the user's own data, if there is room there.
        give_up : bool
            Let go even where that fails.

        Raises
        ------
        WriteError
            If the disk is full; unless `give_up`, the file stays open.
        """
        size, waiting = self._file.size, self.waiting
        try:
            self._file.close(give_up=give_up)
        except WriteError as error:
            if waiting:
                raise self._put_aside(error, size, all_lines()) from error
            raise
        if self._aside is not None:  # it wasn't needed after all
            with contextlib.suppress(OSError):
                self._aside.unlink()

    def _put_aside(
        self, error: WriteError, size: int, lines: list[bytes]
    ) -> WriteError:
        """Keep everything elsewhere; return the error that says where."""
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
