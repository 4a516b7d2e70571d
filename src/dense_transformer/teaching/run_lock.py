"""Whether a process holds a lock file, such as that of a run at work."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dense_transformer.errors import RunError
from dense_transformer.locks import read_holder, try_lock

BEAT_S = 10.0  # between two signs of life of a run
_SILENT_S = 60.0  # from which on one on another machine counts as dead
_LOOKS, _BETWEEN_S = 4, 0.01


def is_held(path: Path) -> bool:
    """Return whether a process holds a lock file, by locking it for a moment.

    Disks that machines share may keep locks to each machine: there a holder on
    another one is believed while it gives signs of life; see `beat`.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        for _ in range(_LOOKS):
            if try_lock(handle):
                return _lives_elsewhere(handle)
            holder = read_holder(handle)
            if holder.here:
                return _is_there(holder.process)
            time.sleep(_BETWEEN_S)  # somebody may only be looking, as we are
        return True
    except OSError:  # no locks on this disk
        return False
    finally:
        os.close(handle)


def beat(path: Path) -> None:
    """Give a sign of life by a lock file that this process holds."""
    os.utime(path)


def refuse_elsewhere(path: Path) -> None:
    """Raise RunError if a process of another machine gives signs of life by a lock.

    To be asked before one locks it: where locks are kept to each machine, that
    process would keep nobody out.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # nobody was ever there
        return
    try:
        if _lives_elsewhere(handle):
            raise RunError(
                f"{path.parent} is in use by {read_holder(handle)}; wait for it, or "
                f"ask it to stop by a file {path.parent / 'stop'}; if that machine is "
                f"off, try again in {_SILENT_S:.0f} s"
            )
    finally:
        os.close(handle)


def _lives_elsewhere(handle: int) -> bool:
    return read_holder(handle).elsewhere and _is_fresh(handle)


def _is_fresh(handle: int) -> bool:
    return abs(time.time() - os.fstat(handle).st_mtime) < _SILENT_S


def _is_there(process: int) -> bool:
    """Return whether a process of this machine is there; True if nobody knows.

    If not, somebody else is only looking, as we are.
    """
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
