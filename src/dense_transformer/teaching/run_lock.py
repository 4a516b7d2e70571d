"""Whether a process holds a lock file, such as that of a run at work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dense_transformer.locks import try_lock


def is_held(path: Path) -> bool:
    """Return whether a process holds a lock file, by locking it for a moment."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(handle) and _is_there(os.read(handle, 20))
    except OSError:  # no locks on this disk
        return False
    finally:
        os.close(handle)


def _is_there(holder: bytes) -> bool:
    """Return whether the process that a lock file names is there.

    If not, somebody else is only looking, as we are. True where that can't be known.
    """
    number = holder.decode("ascii", "replace").strip()
    if sys.platform == "win32" or not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
