"""What anybody can ask of a run, by files in its folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from dense_transformer.errors import RunError, WriteError
from dense_transformer.teaching.gate import DISCARD, PAUSE, STOP
from dense_transformer.teaching.run_lock import is_held
from dense_transformer.teaching.status import read_said
from dense_transformer.teaching.trash import throw_away
from dense_transformer.training.lock import locked

_POLL_S = 0.05


def pause(run: Path) -> None:
    """Ask a run to pause; it holds still within two seconds, with all saved."""
    _touch(run / PAUSE)


def unpause(run: Path) -> None:
    """Let a paused run go on."""
    (run / PAUSE).unlink(missing_ok=True)


def stop(run: Path) -> None:
    """Ask a run to stop and keep what it has; `teach` can go on with it."""
    _touch(run / STOP)


def discard(run: Path) -> None:
    """Ask a run to end and put its models into its trash; done here if none works.

    `bring_back` undoes it until another run is discarded; see `throw_away`.
    """
    _touch(run / DISCARD)
    while not is_held(run / "lock"):
        with ExitStack() as stack:
            try:  # nobody may begin with what is being moved
                stack.enter_context(locked(run / "lock"))
            except RunError:  # somebody looks whether it is alive
                time.sleep(_POLL_S)
                continue
            except OSError:  # a disk without locks
                pass
            throw_away(run)
            (run / DISCARD).unlink(missing_ok=True)
            return


def put_away(
    run: Path, seconds: float = 8.0, force: Callable[[], object] | None = None
) -> None:
    """Discard a run, and wait until that is done.

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
    discard(run)
    if not _let_go(run, seconds) and force is not None:
        force()
        _let_go(run, seconds)
    if is_held(run / "lock"):
        raise RunError(f"{run} is still at work; try again in a moment")
    said = read_said(run)
    if said is None or said.state != "discarded":
        discard(run)  # its process was killed before it did so


def _let_go(run: Path, seconds: float) -> bool:
    """Return whether the run's process let go of it in time."""
    until = time.monotonic() + seconds
    while is_held(run / "lock"):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
    return True


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        raise WriteError(f"can't write {path}: {error.strerror}") from error
