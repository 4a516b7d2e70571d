"""How warps and predictions developed over a training, read from its directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dense_transformer.errors import RunError
from dense_transformer.inspection.alarms import Alarm, find_alarms
from dense_transformer.inspection.curves import (
    Curve,
    LevelHistory,
    make_curve,
    read_levels,
)
from dense_transformer.inspection.previews import PreviewFile, find_previews
from dense_transformer.training import RunDirectory


@dataclass(frozen=True, slots=True, eq=False)
class RunHistory:
    """A run, as far as it has come.

    Attributes
    ----------
    path : Path
        Its directory.
    name : str
        Of the model.
    step, steps : int
        Where it is, and where it is to end.
    frozen_until : int
        Step from which the transformers learn.
    ending : str
        ``finished``, ``patience``, ``stopped`` or ``diverged``; empty while it is
        going on, or if it was cut off.
    loss, gradient_norm, learning_rate : Curve
        At each step; skipped ones are left out.
    skipped : tuple of int
        Steps that were not finite.
    validation_loss, f1, auc : Curve
        At each validation.
    levels : tuple of LevelHistory
        One for each transformer, shallow first.
    previews : tuple of PreviewFile
        By step.
    alarms : tuple of Alarm
        When a transformer went wrong.
    """

    path: Path
    name: str
    step: int
    steps: int
    frozen_until: int
    ending: str
    loss: Curve
    gradient_norm: Curve
    learning_rate: Curve
    skipped: tuple[int, ...]
    validation_loss: Curve
    f1: Curve
    auc: Curve
    levels: tuple[LevelHistory, ...]
    previews: tuple[PreviewFile, ...]
    alarms: tuple[Alarm, ...]


def read_history(run: Path | str) -> RunHistory:
    """Return what a run's directory says; may be read while the run is going on.

    Raises
    ------
    RunError
        If there is no run, or its record is damaged. Torn or damaged lines of its
        events are passed over.
    """
    directory = RunDirectory(Path(run))
    if not directory.record.is_file():
        raise RunError(
            f"there is no run in {run}; give the folder that a training wrote, with "
            "its config.json"
        )
    config, events = directory.read_config(), directory.read_events()
    steps = [e for e in events if e["event"] == "step"]
    validations = [e for e in events if e["event"] == "validation"]
    scores = [e["scores"] if _is_scored(e) else {} for e in validations]
    frozen_until = round(config.transformer_freeze * config.steps)
    levels = read_levels(validations)
    last = events[-1] if events else {"event": "", "step": 0}
    return RunHistory(
        path=Path(run),
        name=config.name,
        step=max((e["step"] for e in events), default=0),
        steps=config.steps,
        frozen_until=frozen_until,
        ending=str(last.get("reason", "")) if last["event"] == "end" else "",
        loss=make_curve(steps, [e.get("loss") for e in steps]),
        gradient_norm=make_curve(steps, [e.get("gradient_norm") for e in steps]),
        learning_rate=make_curve(steps, [e.get("learning_rate") for e in steps]),
        skipped=tuple(e["step"] for e in events if e["event"] == "skip"),
        validation_loss=make_curve(validations, [e.get("loss") for e in validations]),
        f1=make_curve(validations, [s.get("f1") for s in scores]),
        auc=make_curve(validations, [s.get("auc") for s in scores]),
        levels=levels,
        previews=find_previews(directory.previews),
        alarms=find_alarms(levels, frozen_until=frozen_until, steps=config.steps),
    )


def _is_scored(event: dict[str, Any]) -> bool:
    """Return whether a validation has scores; one that failed has none."""
    return isinstance(event.get("scores"), dict)
