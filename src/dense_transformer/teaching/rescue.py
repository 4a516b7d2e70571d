"""Annotations whose disk is full, put aside in the user's own data until it isn't."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from dense_transformer.errors import DTNError
from dense_transformer.files import atomic_write
from dense_transformer.inference.files import make_folder
from dense_transformer.teaching.journal_lines import pack_line, read_line
from dense_transformer.zoo import user_folder


def rescue_path(journal: Path) -> Path:
    """Return where a journal is put aside: always the same place for the same file."""
    digest = hashlib.sha256(os.fsencode(journal.resolve())).hexdigest()[:12]
    return user_folder().parent / "rescued" / f"{journal.stem}-{digest}.journal"


def put_aside(journal: Path, size: int, lines: list[bytes]) -> Path | None:
    """Write a whole journal to the user's own data; return where, None if it can't be.

    Parameters
    ----------
    journal : Path
        The file that can't be written.
    size : int
        Its bytes, by which `take_up` knows that nobody has painted since.
    lines : list of bytes
        All that it should hold.
    """
    path = rescue_path(journal)
    first = pack_line({"rescued": str(journal), "size": size})
    with contextlib.suppress(DTNError):
        make_folder(path.parent)
        return atomic_write(path, b"".join([first, *lines]))
    return None


def take_up(journal: Path) -> str:
    """Put a rescued journal in its place again; return what was done, for people.

    Raises
    ------
    WriteError
        If there is still no room; it stays where it is.
    """
    path = rescue_path(journal)
    if not path.exists():
        return ""
    first, _, body = path.read_bytes().partition(b"\n")
    said = read_line(first) or {}
    now = journal.stat().st_size if journal.exists() else 0
    if said.get("size") != now:
        return (
            f"{path} holds changes that a full disk refused, but {journal.name} was "
            "painted on since; move it in its place to go back to them, or remove it"
        )
    atomic_write(journal, body)
    path.unlink()
    return "changes that a full disk had refused are taken up again"
