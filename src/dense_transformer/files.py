"""Write files so that a reader meets the old one or the new one, never half."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dense_transformer.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARTIAL = ".partial"  # suffix of files that are still being written

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

    Only for a folder that nobody else is writing to, such as a locked run.
    """
    left = list(Path(folder).glob(f".*{PARTIAL}"))
    for path in left:
        _remove(path)
    return len(left)


def _explain(error: OSError) -> str:
    """Return what went wrong, with a remedy where there is one."""
    if error.errno is None:  # NumPy's: "90000 requested and 12444 written"
        return f"{error}; the disk is full or the file larger than a limit allows"
    return _REMEDIES.get(error.errno, error.strerror or str(error))


def _create(path: str, flags: int) -> int:
    """Open a file that must not be there yet.

    Not tempfile: its files are readable by their owner only, whatever the umask.
    """
    return os.open(path, flags | os.O_EXCL, 0o666)


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
