"""One process paints in a project: a lock that ends with its holder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.locks import try_lock


class ProjectLock:
    """Holds the lock file of a project, which contains the holder's process id.

    The file stays: only the lock on it counts, so that what a killed process
    leaves behind keeps nobody out. Where a disk can't lock, nobody is kept out.

    Raises
    ------
    ProjectError
        If another process, or another part of this one, holds it.
    WriteError
        If the folder can't be written.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self._handle = os.open(path, flags, 0o666)
        except OSError as error:
            raise WriteError(
                f"can't write to {path.parent}: {error.strerror}; open a copy of the "
                "project in a folder of your own"
            ) from error
        try:
            self._take(path)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let go of the lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _take(self, path: Path) -> None:
        locked = True
        with contextlib.suppress(OSError):  # some network disks can't lock
            locked = try_lock(self._handle)
        if not locked:
            os.lseek(self._handle, 0, os.SEEK_SET)
            text = os.read(self._handle, 20).decode("ascii", "replace").strip()
            holder = text if text.isdecimal() else "unknown"
            me = " (this one)" if holder == str(os.getpid()) else ""
            raise ProjectError(
                f"{path.parent} is open in process {holder}{me}; close it there, or "
                "open it only to look"
            )
        with contextlib.suppress(OSError):  # a full disk: the lock counts, not the id
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, f"{os.getpid()}\n".encode("ascii"))
