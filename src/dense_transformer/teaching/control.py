"""What anybody can ask of a run, and what it is doing, by files in its folder."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from dense_transformer.errors import StoppedError, WriteError
from dense_transformer.files import atomic_write
from dense_transformer.locks import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

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
_LOOK_S = 0.05
_IMPORTED = time.time()


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
    """Return whether a process holds a lock file, by locking it for a moment."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(handle) and _is_there(os.read(handle, 20))
    except OSError:  # no locks on this disk
        return False
    finally:
        os.close(handle)


def _is_there(holder: bytes) -> bool:
    """Return whether the process that a lock file names is there.

    If not, somebody else is only looking, as we are. True where that can't be known.
    """
    number = holder.decode("ascii", "replace").strip()
    if sys.platform == "win32" or not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


class Gate:
    """Where a run at work looks whether somebody asked for something.

    Parameters
    ----------
    run : Path
        Its folder.
    stop : callable, optional
        Another way to ask it to stop.

    Attributes
    ----------
    on_pause : callable or None
        Called with True when the run begins to hold still, with False when it goes on.
    """

    def __init__(self, run: Path, stop: Callable[[], bool] | None = None) -> None:
        self.run, self._stop = run, stop
        self.on_pause: Callable[[bool], None] | None = None
        self._paths = {name: run / name for name in (PAUSE, STOP, DISCARD)}
        self._looked = 0.0

    def asked(self) -> Literal["", "stop", "discard"]:
        """Return what was asked for, for good."""
        if os.path.exists(self._paths[DISCARD]):
            return "discard"
        asked = self._stop is not None and self._stop()
        return "stop" if asked or os.path.exists(self._paths[STOP]) else ""

    def hold(self) -> None:
        """Return at once, or after a pause; it looks every 50 ms at most.

        Raises
        ------
        StoppedError
            If the run is to end.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return
        self._looked = now
        self._check()
        if not os.path.exists(self._paths[PAUSE]):
            return
        if self.on_pause:
            self.on_pause(True)
        while os.path.exists(self._paths[PAUSE]):
            self._check()
            time.sleep(_LOOK_S)
        if self.on_pause:
            self.on_pause(False)

    def fresh(self) -> tuple[str, ...]:
        """Return what was asked since this process began: it is meant for it."""
        began = _process_began()
        found = []
        for name, path in self._paths.items():
            with suppress(OSError):
                if path.stat().st_mtime >= began:
                    found.append(name)
        return tuple(found)

    def clear(self, kept: tuple[str, ...] = ()) -> None:
        """Forget what was asked, but for what is in `kept`."""
        for name, path in self._paths.items():
            with suppress(OSError):
                if name in kept:
                    path.touch()
                else:
                    path.unlink(missing_ok=True)

    def watch(self, network: nn.Module) -> None:
        """Hold before each convolution of a network, and of its copies."""

        def hold(module: nn.Module, inputs: object) -> None:
            self.hold()

        for module in network.modules():
            if type(module).__name__ == "Conv2d":  # the plugin reads this without torch
                module.register_forward_pre_hook(hold)

    def _check(self) -> None:
        if asked := self.asked():
            raise StoppedError(f"{self.run} was asked to {asked}")


def _process_began() -> float:
    """Return when this process began, in seconds since 1970; not before it was so."""
    try:
        return os.stat(f"/proc/{os.getpid()}").st_ctime
    except OSError:  # not Linux
        return _IMPORTED


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
