"""Discarded runs can be brought back, until the next one is discarded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dense_transformer.errors import RunError, WriteError
from dense_transformer.teaching.control import stop
from dense_transformer.teaching.run_lock import is_held
from dense_transformer.teaching.status import (
    STATUS,
    RunStatus,
    read_said,
    read_status,
    write_status,
)

FOLDER = "trash"
_WHAT = ("*.safetensors", "state.pt*", "view-*.npz")
_DONE = ("finished", "kept")  # nothing is left to go on with
_POLL_S = 0.05


def put_away(
    run: Path, seconds: float = 8.0, force: Callable[[], object] | None = None
) -> None:
    """End a run, and put its models and states into the folder ``trash`` in it.

    What an earlier run of the same project has there goes for good: of large
    models there is never more than one discarded.

    Parameters
    ----------
    run : Path
        Its folder.
    seconds : float
        How long to wait for a process that works on it.
    force : callable or None
        Called to kill a process that has not ended by then.

    Raises
    ------
    RunError
        If a process still works on it.
    WriteError
        If the folder can't be written.
    """
    stop(run)
    if not _let_go(run, seconds) and force is not None:
        force()
        _let_go(run, seconds)
    if is_held(run / "lock"):
        raise RunError(f"{run} is still at work; try again in a moment")
    said = read_status(run)
    trash = run / FOLDER
    try:
        for other in run.parent.glob(f"*/{FOLDER}"):
            _empty(other)
        trash.mkdir(exist_ok=True)
        for pattern in _WHAT:
            for path in run.glob(pattern):
                os.replace(path, trash / path.name)
        write_status(trash, said)  # what it is again once it is brought back
    except OSError as error:
        raise WriteError(f"can't write {run}: {error.strerror}") from error
    write_status(run, replace(said, state="discarded", message="discarded"))


def bring_back(run: Path) -> None:
    """Undo `put_away`: the run is what it was, or stopped where it was at work.

    Raises
    ------
    RunError
        If nothing of it is in the trash.
    WriteError
        If the folder can't be written.
    """
    if not can_bring_back(run):
        raise RunError(f"{run} is gone for good: another run was discarded since")
    trash = run / FOLDER
    before = read_said(trash)
    try:
        (trash / STATUS).unlink(missing_ok=True)
        for path in trash.iterdir():
            os.replace(path, run / path.name)
        trash.rmdir()
    except OSError as error:
        raise WriteError(f"can't write {run}: {error.strerror}") from error
    if before is not None and before.state in _DONE:
        write_status(run, before)
        return
    said: RunStatus = read_status(run)
    write_status(run, replace(said, state="stopped", message="brought back"))


def can_bring_back(run: Path) -> bool:
    """Return whether a discarded run is still in the trash."""
    with suppress(OSError):
        return any(path.name != STATUS for path in (run / FOLDER).iterdir())
    return False


def _let_go(run: Path, seconds: float) -> bool:
    """Return whether the run's process let go of it in time."""
    until = time.monotonic() + seconds
    while is_held(run / "lock"):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
    return True


def _empty(trash: Path) -> None:
    for path in trash.iterdir():
        path.unlink()
    trash.rmdir()
