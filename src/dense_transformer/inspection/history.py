"""How warps and predictions developed over a training, read from its directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.errors import RunError
from dense_transformer.inspection.alarms import Alarm, find_alarms
from dense_transformer.inspection.rewarp import make_warp
from dense_transformer.training import RunDirectory
from dense_transformer.training.preview_file import unpack_preview
from dense_transformer.types import Array, Warp

FIGURES = (
    "shift", "largest_shift", "saturation", "spread", "folded", "coverage_mean",
    "holes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A figure over the steps of a run.

    Attributes
    ----------
    steps : ndarray, shape (n,), int64
        Ascending.
    values : ndarray, shape (n,), float64
        NaN where there was none.
    """

    steps: Array
    values: Array


@dataclass(frozen=True, slots=True, eq=False)
class LevelHistory:
    """A transformer's figures over the validations, each as in `WarpHealth`.

    Attributes
    ----------
    level : int
        1-based level.
    steps : ndarray, shape (n,), int64
        Of the validations.
    shift, largest_shift, saturation, spread, folded, coverage_mean, holes : ndarray
        Shape (n,); NaN where there was none.
    """

    level: int
    steps: Array
    shift: Array
    largest_shift: Array
    saturation: Array
    spread: Array
    folded: Array
    coverage_mean: Array
    holes: Array


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """A preview of a run.

    Attributes
    ----------
    step : int
        When it was made.
    picture : Path or None
        PNG for people.
    data : Path or None
        For `read_preview`; runs of older versions have none.
    """

    step: int
    picture: Path | None
    data: Path | None


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


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The first validation image as a run saw it at one step.

    Attributes
    ----------
    step : int
        When.
    image : ndarray, shape (h, w) or (h, w, 3), uint8
        The image, made smaller where it is large.
    probability : ndarray, shape (h, w), uint8
        Of the foreground, 255 is certain.
    scale : (float, float)
        Network pixels per pixel of these, (y, x).
    warps : tuple of Warp
        Of its tiles, shallow first within a tile.
    """

    step: int
    image: Array
    probability: Array
    scale: tuple[float, float]
    warps: tuple[Warp, ...]


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
    scores = [e.get("scores") for e in validations]
    frozen_until = round(config.transformer_freeze * config.steps)
    levels = _levels(validations)
    last = events[-1] if events else {"event": "", "step": 0}
    return RunHistory(
        path=Path(run),
        name=config.name,
        step=max((e["step"] for e in events), default=0),
        steps=config.steps,
        frozen_until=frozen_until,
        ending=str(last.get("reason", "")) if last["event"] == "end" else "",
        loss=_curve(steps, [e.get("loss") for e in steps]),
        gradient_norm=_curve(steps, [e.get("gradient_norm") for e in steps]),
        learning_rate=_curve(steps, [e.get("learning_rate") for e in steps]),
        skipped=tuple(e["step"] for e in events if e["event"] == "skip"),
        validation_loss=_curve(validations, [e.get("loss") for e in validations]),
        f1=_curve(validations, [_get(s, "f1") for s in scores]),
        auc=_curve(validations, [_get(s, "auc") for s in scores]),
        levels=levels,
        previews=_previews(directory.previews),
        alarms=find_alarms(levels, frozen_until=frozen_until, steps=config.steps),
    )


def read_preview(preview: PreviewFile) -> Preview:
    """Return what a run predicted at a step, with its warps as they were then.

    Raises
    ------
    RunError
        If the file is gone, damaged, or there is none for that step.
    """
    if preview.data is None:
        raise RunError(
            f"the preview of step {preview.step} is a picture only: the run is of an "
            "older version"
        )
    data = unpack_preview(preview.data)
    warps = [
        make_warp(
            level.level,
            level.family,
            level.lattice_size,
            theta,
            level.input_size,
            level.warped_size,
            (int(tile[0]), int(tile[1]), int(tile[2]), int(tile[3])),
        )
        for level in data.levels
        for tile, theta in zip(level.tiles_px, level.theta, strict=True)
    ]
    order = {tile: i for i, tile in enumerate(dict.fromkeys(w.tile_px for w in warps))}
    warps.sort(key=lambda warp: (order[warp.tile_px], warp.level))
    height, width = data.probability.shape
    scale = data.size_px[0] / height, data.size_px[1] / width
    return Preview(preview.step, data.image, data.probability, scale, tuple(warps))


def _levels(validations: Sequence[dict[str, Any]]) -> tuple[LevelHistory, ...]:
    """Return each transformer's figures; validations that failed have none."""
    found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for event in validations:
        health = event.get("health")
        for item in health if isinstance(health, list) else []:
            if isinstance(item, dict) and isinstance(item.get("level"), int):
                found.setdefault(item["level"], []).append((event["step"], item))
    return tuple(
        LevelHistory(
            level,
            _frozen(np.array([step for step, _ in rows], np.int64)),
            *(_numbers([_get(row, name) for _, row in rows]) for name in FIGURES),
        )
        for level, rows in sorted(found.items())
    )


def _previews(folder: Path) -> tuple[PreviewFile, ...]:
    found: dict[int, dict[str, Path]] = {}
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.stem.isdecimal() and path.suffix in (".png", ".npz"):
            found.setdefault(int(path.stem), {})[path.suffix] = path
    return tuple(
        PreviewFile(step, files.get(".png"), files.get(".npz"))
        for step, files in sorted(found.items())
    )


def _curve(events: Sequence[dict[str, Any]], values: Sequence[Any]) -> Curve:
    steps = np.array([event["step"] for event in events], np.int64)
    return Curve(_frozen(steps), _numbers(values))


def _get(values: Any, name: str) -> Any:
    return values.get(name) if isinstance(values, dict) else None


def _numbers(values: Sequence[Any]) -> Array:
    """Return values as float64, NaN where they are no numbers."""
    numbers = [
        float(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else np.nan
        for v in values
    ]
    return _frozen(np.array(numbers, np.float64))


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array
