"""Runs that wait for each other: one at a time for each project and device."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.errors import RunError, WriteError
from dense_transformer.locks import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_TICKET = re.compile(r"(\d{9})\.ticket")
_PATIENCE_S = 5.0


class Place:
    """A place in a queue; use it in a ``with`` block.

    A queue is a folder of numbered files, each locked by whom it belongs to. Whose
    number is the lowest among the locked ones has its turn. The system lets go of
    the lock of a killed process, and whoever looks next removes its file.

    Parameters
    ----------
    folder : Path
        Of the queue; made if it isn't there.
    run : Path or None
        Whose place it is: those behind are told.
    """

    def __init__(self, folder: Path, run: Path | None = None) -> None:
        self.folder, self.run = folder, run
        self._handle, self._number = -1, 0

    def __enter__(self) -> Place:
        """Take the next number.

        Raises
        ------
        WriteError
            If the folder can't be written.
        RunError
            If no number can be had, which only a disk without locks explains.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            deadline = time.monotonic() + _PATIENCE_S
            while not self._take():
                if time.monotonic() > deadline:
                    raise RunError(
                        f"can't queue in {self.folder}: its disk can't lock files; "
                        "move the project to a local disk"
                    )
        except OSError as error:
            if isinstance(error, WriteError):
                raise
            raise WriteError(
                f"can't queue in {self.folder}: {error.strerror}; use another folder"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # Windows: an open file stays until it is closed
            self._path(self._number).unlink()
        os.close(self._handle)
        with suppress(OSError):
            self._path(self._number).unlink(missing_ok=True)

    def ahead(self) -> int:
        """Return how many are before this place; 0: it is its turn."""
        return sum(self._alive(n) for n in self._numbers() if n < self._number)

    def whom(self) -> Path | None:
        """Return the run whose turn it is; None if that is this one, or unknown."""
        for number in self._numbers():
            if number < self._number and self._alive(number):
                with suppress(OSError, ValueError, KeyError, TypeError):
                    return Path(json.loads(self._path(number).read_bytes())["run"])
                break
        return None

    def _numbers(self) -> Iterator[int]:
        for name in sorted(os.listdir(self.folder)):
            if found := _TICKET.fullmatch(name):
                yield int(found[1])

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:09d}.ticket"

    def _take(self) -> bool:
        """Make and lock the next file; False if somebody was faster."""
        number = max(self._numbers(), default=0) + 1
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        try:
            handle = os.open(self._path(number), flags, 0o666)
        except FileExistsError:
            return False
        # Between the two somebody may have taken it for that of a dead process.
        if try_lock(handle) and self._path(number).exists():
            run = None if self.run is None else str(self.run.resolve())
            text = json.dumps({"process": os.getpid(), "run": run})
            os.write(handle, text.encode())
            self._handle, self._number = handle, number
            return True
        os.close(handle)
        return False

    def _alive(self, number: int) -> bool:
        """Return whether somebody holds a number; remove it if nobody does."""
        path = self._path(number)
        try:
            handle = os.open(path, os.O_RDWR)
        except OSError:  # gone meanwhile
            return False
        try:
            if not try_lock(handle):
                return True
            with suppress(OSError):
                path.unlink()
            return False
        finally:
            os.close(handle)
