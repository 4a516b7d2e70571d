"""Locks on open files, which the system lets go of when their holder dies."""

from __future__ import annotations

import errno
import os
import sys

if sys.platform == "win32":
    import msvcrt

    _AFTER_TEXT = 1 << 20  # a locked byte can't be read by others: leave the text free

    def _lock(handle: int) -> None:
        os.lseek(handle, _AFTER_TEXT, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(handle: int) -> bool:
    """Lock an open file until it is closed; return False if somebody else has.

    Parameters
    ----------
    handle : int
        File descriptor, open for writing.

    Raises
    ------
    OSError
        If the file system can't lock.
    """
    try:
        _lock(handle)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise
        return False
    return True
