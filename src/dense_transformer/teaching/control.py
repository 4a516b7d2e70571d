"""What anybody can ask of a run, by files in its folder."""

from __future__ import annotations

from pathlib import Path

from dense_transformer.errors import WriteError
from dense_transformer.teaching.gate import DISCARD, PAUSE, STOP
from dense_transformer.teaching.run_lock import is_held
from dense_transformer.teaching.status import RunStatus, read_said, write_status


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
    said = read_said(run) or RunStatus("discarded")
    write_status(
        run, RunStatus("discarded", said.step, said.steps, "discarded", said.process)
    )


def _touch(path: Path) -> None:
    try:
        path.touch()
    except OSError as error:
        raise WriteError(f"can't write {path}: {error.strerror}") from error
