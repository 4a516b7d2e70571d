"""One process per run: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dense_transformer.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _AFTER_TEXT = 1 << 20  # a locked byte can't be read by others: leave the text free

    def _try_lock(handle: int) -> None:
        os.lseek(handle, _AFTER_TEXT, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; it contains the holder's process id.

    The file stays: only the lock on it counts, so that what a killed process
    leaves behind keeps nobody out.

    Raises
    ------
    RunError
        If another process, or another run in this one, holds it.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            _try_lock(handle)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise
            os.lseek(handle, 0, os.SEEK_SET)
            holder = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            raise RunError(
                f"{path.parent} is in use by process {holder}; wait for it, ask it to "
                f"stop by a file {path.parent / 'stop'}, or use another folder"
            ) from error
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(handle)
