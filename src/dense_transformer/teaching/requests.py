"""What a person asks of a run: passed on where it can be done, else told why not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from dense_transformer.errors import RunError
from dense_transformer.teaching.control import discard, pause, stop, unpause
from dense_transformer.teaching.gate import PAUSE
from dense_transformer.teaching.run_lock import is_held
from dense_transformer.teaching.status import RunStatus, read_status
from dense_transformer.teaching.trash import bring_back, can_bring_back

Request: TypeAlias = Literal["pause", "resume", "stop", "discard", "bring-back"]
_ASK = {
    "pause": pause,
    "resume": unpause,
    "stop": stop,
    "discard": discard,
    "bring-back": bring_back,
}


def ask(run: Path, request: Request) -> None:
    """Ask a run for something, in whatever process it is at work.

    Anything but a discarded run can be discarded, also one that was never begun.

    Parameters
    ----------
    run : Path
        Its folder.
    request : {"pause", "resume", "stop", "discard", "bring-back"}
        What it should do.

    Raises
    ------
    RunError
        If it makes no sense: the run has ended, or is not paused, or nobody has
        begun it.
    WriteError
        If its folder can't be written.
    """
    status = read_status(run)
    if problem := _why_not(run, request, status):
        raise RunError(f"can't {request} run {run.name}: {problem}")
    _ASK[request](run)


def _why_not(run: Path, request: Request, status: RunStatus) -> str:
    """Return why a run can't do what it is asked for; empty if it can."""
    at = f"at step {status.step} of {status.steps}"
    go_on = f"--run {run.name} goes on with it"
    if request == "discard":
        return "it was discarded already" if status.state == "discarded" else ""
    if request == "bring-back":
        if can_bring_back(run):
            return ""
        gone = "it is gone for good: another run was discarded since"
        return gone if status.state == "discarded" else "it was not discarded"
    if is_held(run / "lock"):
        asked = status.state == "paused" or (run / PAUSE).exists()
        if request == "resume" and not asked:
            return f"it is not paused but {status.state}, {at}"
        return ""
    if status.state == "queued":
        return f"no process works on it yet; --run {run.name} begins it"
    if status.state == "died":
        return f"its process ended without a word {at}; {go_on}"
    if status.state == "discarded":
        return "it has ended: discarded"
    kept = f", kept as {status.name}" if status.name else ""
    done = "finished" if status.state == "kept" else status.state
    words = f"it has ended: {done} {at}{kept}"
    return f"{words}; {go_on}" if status.state == "stopped" else words
