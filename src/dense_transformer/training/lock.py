"""One process per run: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dense_transformer.errors import RunError
from dense_transformer.locks import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
        if not try_lock(handle):
            os.lseek(handle, 0, os.SEEK_SET)
            holder = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            raise RunError(
                f"{path.parent} is in use by process {holder}; wait for it, ask it to "
                f"stop by a file {path.parent / 'stop'}, or use another folder"
            )
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(handle)
