"""The state to go on from: one checked file, and the one before it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
from typing import TYPE_CHECKING, Any

import torch

from dense_transformer.errors import RunError
from dense_transformer.files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"dense-transformer state 1\n"


def pack_state(state: dict[str, Any]) -> bytes:
    """Return `state` (plain values, tensors) as bytes with their SHA-256 in front."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body = buffer.getvalue()
    head = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    return MAGIC + json.dumps(head).encode() + b"\n" + body


def unpack_state(content: bytes, name: str) -> dict[str, Any]:
    """Return the state that `content` holds, its tensors on the CPU.

    Raises
    ------
    RunError
        If it is truncated, changed, of another version, or holds code.
    """
    head, end, body = content.removeprefix(MAGIC).partition(b"\n")
    if not content.startswith(MAGIC) or not end:
        raise RunError(f"{name} is not a state of this version of napari-dtn")
    try:
        expected = json.loads(head)["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{name} is damaged: {error}") from error
    if hashlib.sha256(body).hexdigest() != expected:
        raise RunError(
            f"{name} is damaged: its SHA-256 is not the one it was written with"
        )
    try:
        state = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise RunError(f"{name} can't be read: {error}") from error
    if not isinstance(state, dict):
        raise RunError(f"{name} holds no state")
    return state


def write_state(path: Path, content: bytes) -> None:
    """Write what `pack_state` returned to `path`; keep the file before as .previous.

    Killed at any moment, `path` or its predecessor is whole.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written; both old files stay.
    """
    new = path.with_name(path.name + ".new")
    atomic_write(new, content)
    if path.exists():
        os.replace(path, previous_state(path))
    os.replace(new, path)


def previous_state(path: Path) -> Path:
    """Return where the state before that of `path` is kept."""
    return path.with_name(path.name + ".previous")


def read_state(path: Path) -> tuple[bytes, str]:
    """Return the packed state at `path`, or the one before, and a notice about it.

    Returns
    -------
    content : bytes
        For `unpack_state`; empty where nothing was saved yet.
    notice : str
        What was wrong with the newest file; empty if nothing.

    Raises
    ------
    RunError
        If there are states, but all are damaged.
    """
    notices = []
    for candidate in (path, previous_state(path)):
        try:
            content = candidate.read_bytes()
            unpack_state(content, str(candidate))
        except FileNotFoundError:
            continue
        except RunError as error:
            notices.append(str(error))
        else:
            return content, "; ".join(notices)
    if notices:
        raise RunError(
            f"{'; '.join(notices)}; the run can't go on: move {path.parent} away "
            f"and start again"
        )
    return b"", ""
