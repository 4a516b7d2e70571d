"""What a run is doing, as a file in its folder says."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from dense_transformer.files import atomic_write
from dense_transformer.teaching.gate import DISCARD
from dense_transformer.teaching.run_lock import is_held

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
    said = read_said(run)
    if is_held(run / "lock"):
        if said is None or said.state in ENDED:  # it has just begun again
            return RunStatus("queued", process=said.process if said else 0)
        return said
    gone = said is not None and said.state == "discarded"
    if (run / DISCARD).exists() and not gone:
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


def read_said(run: Path) -> RunStatus | None:
    """Return what a run said last, which may no longer be so; None if nothing."""
    try:
        values = json.loads((run / STATUS).read_bytes())
        status = RunStatus(**values)
    except (OSError, ValueError, TypeError):
        return None
    types = {"step": int, "steps": int, "message": str, "process": int, "name": str}
    fits = all(type(getattr(status, name)) is kind for name, kind in types.items())
    fits = fits and status.improved in (None, True, False)
    return status if fits and status.state in get_args(RunState) else None


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
