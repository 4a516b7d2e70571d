"""The page and the tables about one training: how its warps developed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dense_transformer.errors import RunError
from dense_transformer.files import atomic_write
from dense_transformer.inference.files import make_folder
from dense_transformer.inspection.alarms import Alarm
from dense_transformer.inspection.curves import FIGURES, LevelHistory
from dense_transformer.inspection.export.colours import number
from dense_transformer.inspection.export.curve_figure import Band, Line, draw_curves
from dense_transformer.inspection.export.films import to_gif
from dense_transformer.inspection.export.ground import write_figure
from dense_transformer.inspection.export.page import (
    Figure,
    Page,
    Section,
    Table,
    write_page,
)
from dense_transformer.inspection.export.tables import write_table
from dense_transformer.inspection.history import RunHistory
from dense_transformer.types import Array

_LOSS_WORDS = (
    "The loss at each step and at each validation. Orange is a time when a transformer "
    "was not what it should be; the loss alone mostly shows nothing of that."
)
_SCORE_WORDS = "Best F1 and AUC on the validation images."
_SHIFT_WORDS = (
    "Mean and largest shift of the fiducials, where a tile is 2 wide, and the spread: "
    "how much the shift differs between images. Spread far below the shift means that "
    "every image is warped alike; all of it near 0, that there is no warp."
)
_SHARE_WORDS = (
    "Shares of parameters at their bound, of space that is turned over and of units "
    "that nothing is written to. All should stay near 0."
)
_FILM_WORDS = (
    "The first validation image over the training: left with its fiducials (a line "
    "from rest to what is read), right what is found."
)
_MOST_FRAMES = 24


def write_history(
    history: RunHistory, out: Path | str, figures: tuple[str, ...] = ("pdf",)
) -> tuple[Path, ...]:
    """Write a training's page, tables, figures and film to a folder; return the files.

    Parameters
    ----------
    history : RunHistory
        As `read_history` gives it.
    out : path
        Folder; made if it is not there.
    figures : tuple of str
        Formats of the figures besides those in the page.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    folder = make_folder(out)
    drawings = _drawings(history)
    files = [
        write_table(
            folder / "steps.csv",
            ("step", "loss", "gradient_norm", "learning_rate"),
            zip(
                history.loss.steps, history.loss.values, history.gradient_norm.values,
                history.learning_rate.values, strict=True,
            ),
        ),
        _write_health(folder / "transformers.csv", history),
        _write_alarms(folder / "alarms.csv", history.alarms),
    ]  # fmt: skip
    for name, figure in drawings.items():
        for ending in figures:
            path = folder / f"{name}.{ending}"
            if not isinstance(figure.shown, bytes):
                files.append(write_figure(path, figure.shown))
    film = _film(history)
    if film is not None:
        files.append(atomic_write(folder / "previews.gif", film))
    page = compose_history(history, drawings, film)
    files.append(write_page(folder / "training.html", page))
    return tuple(files)


def compose_history(
    history: RunHistory, drawings: dict[str, Figure], film: bytes | None
) -> Page:
    """Return the page about a training."""
    sections = [
        Section("Loss and alarms", (), (drawings["loss"],), _alarm_tables(history)),
        Section("Scores", (), (drawings["scores"],)),
    ]
    for level in history.levels:
        names = f"level{level.level}-shift", f"level{level.level}-shares"
        sections.append(
            Section(
                f"The transformer at level {level.level}",
                (),
                tuple(drawings[name] for name in names),
            )
        )
    if film is not None:
        sections.append(Section("Previews", (), (Figure(film, _FILM_WORDS),)))
    foot = f"Run {history.name}. Written by dtn inspect --run."
    return Page(
        f"How {history.name} was trained", verdict(history), tuple(sections), foot
    )


def verdict(history: RunHistory) -> tuple[str, ...]:
    """Return how a training went, and what was wrong with its warps, in words."""
    end = {
        "finished": "It ran to its end",
        "patience": "It ended early, as it no longer improved",
        "stopped": "It was stopped",
        "diverged": "It diverged",
    }.get(history.ending, "It is still going on, or was cut off")
    words = [f"{end}, at step {history.step} of {history.steps}."]
    f1 = history.f1
    if len(f1.values) and np.isfinite(f1.values).any():
        best = int(np.nanargmax(f1.values))
        words.append(
            f"The best F1 on validation is {f1.values[best]:.4f}, at step "
            f"{int(f1.steps[best])}."
        )
    if not history.levels:
        return (*words, "It is a plain U-Net, or has not been validated yet.")
    if not history.alarms:
        words.append("No transformer collapsed, folded, saturated or became constant.")
    return (*words, *(alarm.words for alarm in history.alarms))


def _drawings(history: RunHistory) -> dict[str, Figure]:
    bands = [_band(alarm) for alarm in history.alarms]
    losses = [Line("training", history.loss.steps, history.loss.values)]
    validation = history.validation_loss
    losses.append(Line("validation", validation.steps, validation.values))
    scores = [
        Line("best F1", history.f1.steps, history.f1.values),
        Line("AUC", history.auc.steps, history.auc.values),
    ]
    drawn = {
        "loss": Figure(draw_curves(losses, "loss", bands), _LOSS_WORDS),
        "scores": Figure(draw_curves(scores, "score"), _SCORE_WORDS),
    }
    for level in history.levels:
        mine = [_band(alarm) for alarm in history.alarms if alarm.level == level.level]
        shift = _lines(level, ("shift", "largest_shift", "spread"))
        shares = _lines(level, ("saturation", "folded", "holes"))
        drawn[f"level{level.level}-shift"] = Figure(
            draw_curves(shift, "unit frame", mine), _SHIFT_WORDS
        )
        drawn[f"level{level.level}-shares"] = Figure(
            draw_curves(shares, "share", mine), _SHARE_WORDS
        )
    return drawn


def _lines(level: LevelHistory, names: tuple[str, ...]) -> list[Line]:
    return [
        Line(name.replace("_", " "), level.steps, getattr(level, name))
        for name in names
    ]


def _band(alarm: Alarm) -> Band:
    words = f"level {alarm.level}: {alarm.kind}"
    return Band(words, float(alarm.step), alarm.until)


def _alarm_tables(history: RunHistory) -> tuple[Table, ...]:
    """Return the alarms as a table, if there are any."""
    rows = tuple(
        (
            alarm.kind,
            str(alarm.level),
            str(alarm.step),
            "the end" if alarm.until is None else str(alarm.until),
            number(alarm.value),
            number(alarm.threshold),
        )
        for alarm in history.alarms
    )
    columns = ("alarm", "level", "from step", "to", "worst value", "threshold")
    return (Table(columns, rows),) if rows else ()


def _write_health(path: Path, history: RunHistory) -> Path:
    rows = (
        (level.level, step, *(getattr(level, name)[i] for name in FIGURES))
        for level in history.levels
        for i, step in enumerate(level.steps)
    )
    names = (
        "shift_unit", "largest_shift_unit", "saturated_share", "spread_unit",
        "folded_share", "coverage_mean", "hole_share",
    )  # fmt: skip
    return write_table(path, ("level", "step", *names), rows)


def _write_alarms(path: Path, alarms: tuple[Alarm, ...]) -> Path:
    columns = ("kind", "level", "step", "until_step", "value", "threshold", "words")
    rows = (
        (a.kind, a.level, a.step, a.until, a.value, a.threshold, a.words)
        for a in alarms
    )
    return write_table(path, columns, rows)


def _film(history: RunHistory) -> bytes | None:
    """Return the previews as a GIF; None where there are fewer than two."""
    pictures = [p.picture for p in history.previews if p.picture is not None]
    if len(pictures) < 2:
        return None
    at = np.linspace(0, len(pictures) - 1, min(len(pictures), _MOST_FRAMES))
    frames = [_read_picture(pictures[round(float(i))]) for i in at]
    return to_gif([frame for frame in frames if frame.shape == frames[0].shape])


def _read_picture(path: Path) -> Array:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise RunError(f"the preview {path} can't be read: {error}") from error
