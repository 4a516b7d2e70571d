"""Write files so that a reader meets the old one or the new one, never half."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dense_transformer.errors import WriteError
from dense_transformer.locks import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTIAL = ".partial"  # suffix of files that are still being written
_NAME = re.compile(rf"\..+\.[0-9a-f]{{12}}{re.escape(PARTIAL)}")

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file is larger than the disk or a limit allows; use another disk",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "you may not write there; choose another folder or change its rights",
    errno.EPERM: "you may not write there; choose another folder or change its rights",
    errno.ENOENT: "its folder doesn't exist; create it first",
    errno.ENOTDIR: "its folder is a file; choose another folder",
    errno.EISDIR: "a folder has that name; choose another name",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def atomic_write(
    path: str | os.PathLike[str], content: bytes | Callable[[BinaryIO], object]
) -> Path:
    """Write a file beside `path`, sync it and rename it; return the path.

    Killed at any moment, or failing half-way, it leaves the old file as it was.
    A link is followed: the file it points to is replaced.

    Parameters
    ----------
    path : path-like
        File to be written or replaced; its folder exists.
    content : bytes or callable
        The bytes, or a function that writes them to the binary file it is given.

    Raises
    ------
    WriteError
        If the disk is full, the folder read-only or missing. What `content`
        raises by itself goes through; no half-written file stays either way.
    """
    with staged_file(path) as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
    return Path(path)


@contextlib.contextmanager
def staged_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a file to write beside `path`; sync and rename it after the block.

    What `atomic_write` does, for content that takes many steps. The block closes
    what it opened on the file itself, such as a memory map.

    Raises
    ------
    WriteError
        If the disk is full, the folder read-only or missing. No half-written file
        stays, whatever the block raises.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{target.name[:180]}.{secrets.token_hex(6)}{PARTIAL}")
    try:
        with open(partial, "w+b", opener=_create) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
        _sync_folder(target.parent)
    except OSError as error:
        _remove(partial)
        if isinstance(error, WriteError):
            raise
        why = _explain(error)
        raise WriteError(f"can't write {path}: {why}") from error
    except BaseException:
        _remove(partial)
        raise


def remove_partial(folder: str | os.PathLike[str]) -> int:
    """Remove what killed writers left in `folder`; return how many files.

    What somebody is writing to stays: a writer locks its file, and the system
    lets go of the lock when the writer ends, however it ends.
    """
    left = (p for p in Path(folder).glob(f".*{PARTIAL}") if _NAME.fullmatch(p.name))
    return sum(_remove_abandoned(path) for path in left)


def _remove_abandoned(path: Path) -> bool:
    """Remove a partial file that nobody writes to; return whether it was one."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        if sys.platform != "win32" and not try_lock(handle):
            return False
        path.unlink()  # still locked: no writer can take it for its own
    except OSError:
        return False  # no locks there, so nobody can know; or it is open on Windows
    finally:
        os.close(handle)
    return True


def _explain(error: OSError) -> str:
    """Return what went wrong, with a remedy where there is one."""
    if error.errno is None:  # NumPy's: "90000 requested and 12444 written"
        return f"{error}; the disk is full or the file larger than a limit allows"
    return _REMEDIES.get(error.errno, error.strerror or str(error))


def _create(path: str, flags: int) -> int:
    """Open and lock a file that must not be there yet.

    Not tempfile: its files are readable by their owner only, whatever the umask.
    """
    while True:
        handle = os.open(path, flags | os.O_EXCL, 0o666)
        if _claim(handle):
            return handle
        os.close(handle)  # `remove_partial` was faster than the lock
        _remove(Path(path))


def _claim(handle: int) -> bool:
    """Lock a new partial file; return False if it is being removed, or was."""
    if sys.platform == "win32":  # there an open file can't be removed anyway
        return True
    try:
        return try_lock(handle) and os.fstat(handle).st_nlink > 0
    except OSError:  # some network disks can't lock
        return True


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last through a power cut, where the system can."""
    with contextlib.suppress(OSError):  # Windows and some network disks can't
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
