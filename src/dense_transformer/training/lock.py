"""One process per run: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from dense_transformer.errors import RunError
from dense_transformer.locks import read_holder, try_lock, write_holder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; it contains the holder's process id and machine.

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
            raise RunError(
                f"{path.parent} is in use by {read_holder(handle)}; wait for it, ask "
                f"it to stop by a file {path.parent / 'stop'}, or use another folder"
            )
        write_holder(handle)
        yield
        with suppress(OSError):
            os.ftruncate(handle, 0)  # who looks sees that nobody is meant
    finally:
        os.close(handle)
