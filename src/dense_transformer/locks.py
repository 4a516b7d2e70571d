"""Locks on open files, which the system lets go of when their holder dies."""

from __future__ import annotations

import errno
import os
import platform
import sys
from dataclasses import dataclass

_LONGEST = 300  # bytes of the text

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


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a lock file says it is, or was, locked by.

    Attributes
    ----------
    process : int
        Number of the process; 0 if unknown.
    host : str
        Name of its machine; empty if unknown.
    """

    process: int
    host: str

    @property
    def here(self) -> bool:
        """Whether it is known, and on this machine as far as that is known."""
        return self.process > 0 and self.host in ("", platform.node())

    @property
    def elsewhere(self) -> bool:
        """Whether it is known to be on another machine."""
        return self.process > 0 and not self.here

    def __str__(self) -> str:
        """Return it in words."""
        number = str(self.process) if self.process else "unknown"
        return (
            f"process {number} on {self.host}"
            if self.elsewhere
            else (f"process {number}")
        )


def write_holder(handle: int) -> None:
    """Write into a lock file that this process holds it."""
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, f"{os.getpid()} {platform.node()}\n".encode())


def read_holder(handle: int) -> Holder:
    """Return who a lock file says holds it; others may write the number alone."""
    os.lseek(handle, 0, os.SEEK_SET)
    words = os.read(handle, _LONGEST).decode("utf-8", "replace").split()
    if not words or not words[0].isdecimal():
        return Holder(0, "")
    return Holder(int(words[0]), words[1] if len(words) > 1 else "")
