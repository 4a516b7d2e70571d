"""Discarded runs can be brought back, until another that has learned is discarded."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dense_transformer.errors import RunError, WriteError
from dense_transformer.teaching.gate import DISCARD, STOP
from dense_transformer.teaching.status import (
    STATUS,
    RunStatus,
    read_said,
    write_status,
)

FOLDER = "trash"
_WHAT = ("*.safetensors", "state.pt*", "view-*.npz")
_DONE = ("finished", "kept")  # nothing is left to go on with


def throw_away(run: Path, said: RunStatus | None = None) -> None:
    """Put models and states of a run into the folder ``trash`` in it.

    Nobody else may work on it: hold its lock. What an earlier run of the project has
    in its trash goes for good, as of large models there is never more than one
    discarded; a run that has learned nothing goes for good itself where one is there
    that has learned something.

    Parameters
    ----------
    run : Path
        Its folder.
    said : RunStatus or None
        How far it is; what it said last if not given.

    Raises
    ------
    WriteError
        If the folder can't be written.
    """
    trash = run / FOLDER
    others = [other for other in run.parent.glob(f"*/{FOLDER}") if other != trash]
    found = [path for pattern in _WHAT for path in run.glob(pattern)]
    for_good = not _has_learned(run) and any(map(_has_learned, others))
    said = said or read_said(run) or RunStatus("queued")
    try:
        for picture in run.glob("previews/*"):
            picture.unlink(missing_ok=True)
        if for_good:
            for path in found:
                path.unlink(missing_ok=True)
        elif found:
            trash.mkdir(exist_ok=True)
            if said.state != "discarded":
                write_status(trash, said)  # what it is again once it is brought back
            _say_so(run, said)  # first: killed after this it can be brought back
            for path in found:
                os.replace(path, trash / path.name)
            for other in others:
                _empty(other)
        _say_so(run, said)
    except OSError as error:
        if isinstance(error, WriteError):
            raise
        raise WriteError(f"can't write {run}: {error.strerror}") from error


def bring_back(run: Path) -> None:
    """Undo `throw_away`: the run is what it was, or stopped where it was at work.

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
        for path in trash.iterdir():
            if path.name != STATUS:
                os.replace(path, run / path.name)
        for asked in (STOP, DISCARD):
            (run / asked).unlink(missing_ok=True)
        if before is not None and before.state in _DONE:
            write_status(run, before)
        else:
            said = read_said(run) or before or RunStatus("stopped")
            write_status(run, replace(said, state="stopped", message="brought back"))
        _empty(trash)
    except OSError as error:
        if isinstance(error, WriteError):
            raise
        raise WriteError(f"can't write {run}: {error.strerror}") from error


def can_bring_back(run: Path) -> bool:
    """Return whether a discarded run is still in the trash."""
    with suppress(OSError):
        return any((run / FOLDER).iterdir())
    return False


def _has_learned(folder: Path) -> bool:
    return any(folder.glob("state.pt*"))


def _say_so(run: Path, said: RunStatus) -> None:
    write_status(run, replace(said, state="discarded", message="discarded"))


def _empty(trash: Path) -> None:
    for path in trash.iterdir():
        path.unlink()
    trash.rmdir()
