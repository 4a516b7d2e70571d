"""What anybody can ask of a run, and what it is doing, by files in its folder."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from dense_transformer.errors import StoppedError, WriteError
from dense_transformer.files import atomic_write
from dense_transformer.locks import try_lock

RunState: TypeAlias = Literal[
    "queued",
    "probing",
    "running",
    "paused",
    "stopped",
    "finished",
    "kept",
    "discarded",
    "died",
]
ENDED: tuple[RunState, ...] = ("stopped", "finished", "kept", "discarded")
STATUS = "status.json"
PAUSE, STOP, DISCARD = "pause", "stop", "discard"
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What a run is doing, as its folder says.

    Attributes
    ----------
    state : RunState
        ``died``: it was at work, and nobody is any more; it can be gone on with.
    step, steps : int
        Steps done and planned.
    message : str
        One line for people: why it waits, what it came to.
    process : int
        Process that wrote this; 0 if unknown.
    improved : bool or None
        Whether it beats its start on what is held out; None while it is at work
        and where nothing is held out.
    name : str
        Under which it was kept; empty if it wasn't.
    """

    state: RunState
    step: int = 0
    steps: int = 0
    message: str = ""
    process: int = 0
    improved: bool | None = None
    name: str = ""

    @property
    def alive(self) -> bool:
        """Whether a process works on it or waits to."""
        return self.state in ("queued", "probing", "running", "paused")


def read_status(run: Path) -> RunStatus:
    """Return what a run is doing; needs no process to be alive, and never waits.

    A run that nobody has begun is ``queued``.
    """
    said = _read(run / STATUS)
    if is_held(run / "lock"):
        if said is None or said.state in ENDED:  # it has just begun again
            return RunStatus("queued", process=said.process if said else 0)
        return said
    if (run / DISCARD).exists():
        return RunStatus(
            "discarded", said.step if said else 0, said.steps if said else 0
        )
    if said is None:
        return RunStatus("queued")
    if said.state in ENDED:
        return said
    return RunStatus(
        "died",
        said.step,
        said.steps,
        "its process ended without a word; it can go on from its last save",
        said.process,
    )


def write_status(run: Path, status: RunStatus) -> None:
    """Replace what a run says about itself; raises WriteError."""
    atomic_write(run / STATUS, json.dumps(asdict(status)).encode())


def note_kept(run: Path, name: str) -> None:
    """Write down that a run's model was kept under `name`; raises WriteError."""
    said = read_status(run)
    write_status(
        run,
        RunStatus(
            "kept", said.step, said.steps, f"kept as {name}", said.process,
            said.improved, name,
        ),
    )  # fmt: skip


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
    """Ask a run to stop and throw its models away; throws them away if none works."""
    _touch(run / DISCARD)
    if not is_held(run / "lock"):
        throw_away(run)


def throw_away(run: Path) -> None:
    """Remove models, states and views of a run that nobody works on."""
    for pattern in ("*.safetensors", "state.pt*", "view-*.npz", "previews/*"):
        for path in run.glob(pattern):
            path.unlink(missing_ok=True)
    said = _read(run / STATUS) or RunStatus("discarded")
    write_status(
        run, RunStatus("discarded", said.step, said.steps, "discarded", said.process)
    )


def is_held(path: Path) -> bool:
    """Return whether a process holds a lock file; it may hold it for a moment itself."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(handle)
    except OSError:  # no locks on this disk
        return False
    finally:
        os.close(handle)


class Gate:
    """Where a run at work looks whether somebody asked for something.

    Parameters
    ----------
    run : Path
        Its folder.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._paths = {name: run / name for name in (PAUSE, STOP, DISCARD)}

    def asked(self) -> Literal["", "stop", "discard"]:
        """Return what was asked for last, and for good."""
        if os.path.exists(self._paths[DISCARD]):
            return "discard"
        return "stop" if os.path.exists(self._paths[STOP]) else ""

    @property
    def paused(self) -> bool:
        """Whether the run is to hold still."""
        return os.path.exists(self._paths[PAUSE]) and not self.asked()

    def wait(self) -> None:
        """Return when the run is not to hold still any more."""
        while self.paused:
            time.sleep(_POLL_S)

    def check(self) -> None:
        """Raise StoppedError if the run is to end."""
        if self.asked():
            raise StoppedError(f"{self.run} was asked to {self.asked()}")

    def clear(self) -> None:
        """Forget requests that were meant for whoever ran before."""
        for name in (PAUSE, STOP):
            with suppress(OSError):
                self._paths[name].unlink(missing_ok=True)


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        raise WriteError(f"can't write {path}: {error.strerror}") from error


def _read(path: Path) -> RunStatus | None:
    """Return what a status file says; None if it isn't there or says nothing."""
    try:
        values = json.loads(path.read_bytes())
        status = RunStatus(**values)
    except (OSError, ValueError, TypeError):
        return None
    types = {"step": int, "steps": int, "message": str, "process": int, "name": str}
    fits = all(type(getattr(status, name)) is kind for name, kind in types.items())
    fits = fits and status.improved in (None, True, False)
    return status if fits and status.state in get_args(RunState) else None
