"""The runs of a project that are at work or wait their turn. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from napari_dtn.child import end_child, find_child, is_alive

LATEST = 16  # runs that are looked at: older ones that still live are rare
ENDING_S = 8.0  # what a run that must go away gets before it is killed
AT_WORK = ("probing", "running", "paused")


@dataclass(frozen=True, slots=True)
class AliveRun:
    """A run that a process works on, or that waits its turn.

    Attributes
    ----------
    run : Path
        Its folder.
    waits : bool
        Whether it has not had its turn yet.
    """

    run: Path
    waits: bool


def alive_runs(runs: Path, but: Path | None = None) -> tuple[AliveRun, ...]:
    """Return the runs in the folder `runs` that live, but one; those at work first.

    A run that was frozen and never begun doesn't: nothing would end it.
    """
    try:
        names = sorted(p.name for p in runs.iterdir() if p.name.isdecimal())
    except OSError:
        return ()
    paths = [runs / name for name in names[-LATEST:]]
    found = [look_alive(path) for path in paths if path != but]
    return tuple(sorted((f for f in found if f), key=lambda f: f.waits))


def look_alive(run: Path) -> AliveRun | None:
    """Return how a run lives, or None if it doesn't."""
    from dense_transformer.teaching.run_lock import is_held
    from dense_transformer.teaching.status import read_status

    if is_held(run / "lock"):
        return AliveRun(run, read_status(run).state not in AT_WORK)
    child = find_child(run)
    if child is None or not is_alive(child):
        return None
    # It loads and has no lock yet, or it has let go of it and is ending.
    return AliveRun(run, True) if is_young(run, child.began) else None


def is_young(run: Path, began: float) -> bool:
    """Return whether a process began so late that it may not have spoken yet."""
    try:
        said = (run / "status.json").stat().st_mtime
    except OSError:
        return True
    return began > said - 1.0


def take_from_queue(run: Path) -> None:
    """End a run that waits; what it had learned before it waited stays.

    That must not go into the trash, which holds one run only: its place may be that
    of another one which has learned something.
    """
    if any(run.glob("state.pt*")):
        stop_run(run)
    else:
        discard_soon(run)


def stop_run(run: Path) -> None:
    """End a run and keep what it has learned; at once where nothing is at work yet."""
    from dense_transformer.teaching import control
    from dense_transformer.teaching.status import ENDED, read_status, write_status

    killed = kill_loading(run)
    control.stop(run)
    said = read_status(run)
    if killed and said.state not in ENDED:
        write_status(run, replace(said, state="stopped", message="it was just loading"))
    elif said.state == "queued" and look_alive(run) is None:
        write_status(run, replace(said, state="stopped", message="it was not begun"))


def discard_run(run: Path) -> None:
    """End a run and put what it has learned into its trash; one that loads at once."""
    from dense_transformer.teaching.control import put_away

    kill_loading(run)
    put_away(run, ENDING_S, force=lambda: kill_run(run))


def discard_soon(run: Path) -> None:
    """Ask a run to end and be discarded, without waiting; one that loads at once."""
    from dense_transformer.teaching import control

    kill_loading(run)
    control.discard(run)


def kill_loading(run: Path) -> bool:
    """End a process that loads: it has done nothing yet, and would not hear.

    Returns whether there was one.
    """
    from dense_transformer.teaching.run_lock import is_held

    child = find_child(run)
    if is_held(run / "lock") or child is None or not is_alive(child):
        return False
    return end_child(child)


def kill_run(run: Path) -> None:
    """End a process that doesn't listen."""
    child = find_child(run)
    if child is not None:
        end_child(child)
