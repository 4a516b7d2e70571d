"""A file that is only appended to, and survives the death of who appends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.teaching.journal_lines import LONGEST_LINE


class JournalFile:
    """Appends lines to a file; what a full disk refuses waits in memory.

    A line is with the system when `append` returns, so that a killed process
    loses nothing; a thread then asks the system to put it on the disk, which
    may take a while that nobody has to wait for.

    Parameters
    ----------
    path : Path
        An existing file; a last line without its end is cut off.
    end : int
        Where its last whole line ends, bytes.
    """

    def __init__(self, path: Path, end: int) -> None:
        self.path = path
        self._waiting: list[bytes] = []
        try:
            self._handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
            if os.fstat(self._handle).st_size > end:
                os.ftruncate(self._handle, end)
        except OSError as error:
            raise self._failed(error) from error
        self._end = end
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="dtn-journal")
        self._sync: Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Lines that couldn't be written yet."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes of the whole lines in the file."""
        return self._end

    def append(self, line: bytes) -> None:
        """Write a line behind all that wait; raises WriteError, and then it waits."""
        self._waiting.append(line)
        self.write()

    def write(self) -> None:
        """Write the lines that wait, if any.

        Raises
        ------
        WriteError
            If the disk is full or gone; the lines wait for the next call.
        """
        while self._waiting:
            line = self._waiting[0]
            try:
                os.lseek(self._handle, self._end, os.SEEK_SET)
                written = os.write(self._handle, line)
                while written < len(line):  # a full disk takes a part first
                    written += os.write(self._handle, line[written:])
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._handle, self._end)
                raise self._failed(error) from error
            self._end += len(line)
            self._waiting.pop(0)
        self._ask_for_sync()

    def sync(self) -> None:
        """Write what waits, and return when all of it is on the disk.

        Raises
        ------
        WriteError
            If the disk is full or gone.
        """
        self.write()
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise self._failed(error) from error

    def close(self, *, give_up: bool = False) -> None:
        """Write what waits, put all on the disk and let go of the file.

        Parameters
        ----------
        give_up : bool
            Let go of the file even where that fails, and lose what waits.

        Raises
        ------
        WriteError
            If the disk is full or gone; unless `give_up`, the file stays open.
        """
        if self._handle < 0:
            return
        try:
            self.sync()
        except WriteError:
            if give_up:
                self._let_go()
            raise
        self._let_go()

    def _let_go(self) -> None:
        self._syncer.shutdown(wait=True)
        os.close(self._handle)
        self._handle = -1

    def _ask_for_sync(self) -> None:
        last = self._sync
        if last is not None and not last.done() and not last.running():
            return  # it has yet to begin, and will cover this line too
        self._sync = self._syncer.submit(os.fsync, self._handle)
        if last is not None and last.done():
            error = last.exception()
            if isinstance(error, OSError):
                raise self._failed(error) from error

    def _failed(self, error: OSError) -> WriteError:
        kept = f"; {len(self._waiting)} changes wait in memory" if self._waiting else ""
        return WriteError(
            f"can't write {self.path}: {error.strerror}{kept}; free some space or "
            "make the folder writable: they are saved with the next change"
        )


def read_lines(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield the lines of a file with where they end; the last may lack its end.

    Raises
    ------
    ProjectError
        If the file can't be read.
    """
    end = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                end += len(line)
                yield line, end
    except OSError as error:
        raise ProjectError(f"can't read {path}: {error.strerror}") from error
