"""A run of a project before its first step: everything that it depends on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from dense_transformer.config import (
    AboutConfig,
    AugmentConfig,
    DataConfig,
    TeachConfig,
    TrainConfig,
)
from dense_transformer.errors import ConfigError, DataError, RunError
from dense_transformer.files import atomic_write
from dense_transformer.nn.devices import choose_device
from dense_transformer.settings import from_dict
from dense_transformer.teaching.amount import STEPS, settle
from dense_transformer.teaching.snapshot import take_lesson
from dense_transformer.zoo import load_model

if TYPE_CHECKING:
    from dense_transformer.teaching.project import Project
    from dense_transformer.zoo import Model

FILE, START, BASE = "teach.json", "start.safetensors", "base.safetensors"
FORMAT, VERSION = "napari-dtn teaching", 1
_LARGEST = 1_000_000  # bytes
LARGEST_PATCH = 160  # px; half the time of 224, and no worse


def begin_run(
    project: Project,
    config: TeachConfig | None = None,
    model: str | os.PathLike[str] | None = None,
) -> Path:
    """Return a new run of a project, ready for `teach`; nothing is computed yet.

    The run holds copies of all that it depends on, but for the images: settings, the
    model, the annotations as they are now, and what of them is held out.

    Parameters
    ----------
    project : Project
        With something annotated.
    config : TeachConfig, optional
        How to teach.
    model : str or path-like, optional
        Name or file of the model to begin with; the project's by default.

    Raises
    ------
    DataError
        If nothing is annotated, only one class is, or the model finds others.
    ModelError
        If there is no such model, or its file is damaged.
    WriteError
        If there is no room for it.
    """
    chosen = load_model(project.model_path() if model is None else model)
    if chosen.card.classes != project.classes:
        raise DataError(
            f"what is annotated is {_listed(project.classes)}, and "
            f"{chosen.card.name} finds {_listed(chosen.card.classes)}; choose a model "
            "of the same classes, or make a project with this one"
        )
    run = project.new_run()
    config = config or TeachConfig()
    try:
        lesson = take_lesson(project, run, seed=config.seed)
        pixels = sum(int((e.training > 0).sum()) for e in lesson.examples)
        upright = chosen.card.height_px is not None  # made for frames
        settled = settle(config, pixels, upright=upright)
        atomic_write(run / START, chosen.path.read_bytes())
        _write_settings(run, project, settled, open_steps=not config.steps)
    except BaseException:
        shutil.rmtree(run, ignore_errors=True)
        raise
    return run


def _listed(classes: tuple[str, ...]) -> str:
    return f"{', '.join(classes[:-1])} and {classes[-1]}"


def _write_settings(
    run: Path, project: Project, config: TeachConfig, *, open_steps: bool
) -> None:
    """Write what makes a folder a run, last: one without it was killed before."""
    values = {
        "format": FORMAT,
        "version": VERSION,
        "project": str(project.folder),
        "config": config.to_dict(),
        "open_steps": open_steps,
    }
    atomic_write(run / FILE, json.dumps(values, indent=1).encode())


def steps_are_open(run: Path) -> bool:
    """Return whether the steps in a run's settings are only the most there may be.

    Of a run whose settings could be read.
    """
    return json.loads((run / FILE).read_bytes()).get("open_steps") is True


def close_steps(run: Path, steps: int) -> None:
    """Write down how many steps a run takes, once and for all; raises WriteError."""
    values = json.loads((run / FILE).read_bytes())
    values["config"]["steps"], values["open_steps"] = steps, False
    atomic_write(run / FILE, json.dumps(values, indent=1).encode())


def read_teaching(run: Path) -> TeachConfig:
    """Return the settings that a run was begun with.

    Raises
    ------
    RunError
        If it isn't a run of a project, or damaged, or too new.
    """
    path = run / FILE
    try:
        if path.stat().st_size > _LARGEST:
            raise RunError(f"{path} is too large to hold settings")
        values = json.loads(path.read_bytes())
        if values["format"] != FORMAT or values["version"] > VERSION:
            raise RunError(f"{path} is of another version; update napari-dtn")
        # What a run was begun without it goes on without.
        return from_dict(TeachConfig, {"recall_fades": False} | values["config"])
    except OSError as error:
        raise RunError(
            f"{run} is no run of a project: {error.strerror}; begin one with dtn teach"
        ) from error
    except (ValueError, KeyError, TypeError, ConfigError, RecursionError) as error:
        raise RunError(f"{path} is damaged: {error}; begin another run") from error


def project_of(run: Path) -> Path:
    """Return the folder of a run's project: two up, or where it was."""
    above = run.resolve().parent.parent
    if (above / "project.json").exists():
        return above
    try:
        return Path(str(json.loads((run / FILE).read_bytes())["project"]))
    except (OSError, ValueError, KeyError, TypeError):
        return above


def training_config(teach: TeachConfig, model: Model) -> TrainConfig:
    """Return the settings of the training that a teaching is."""
    card = model.card
    about = {name: getattr(card, name) for name in AboutConfig().to_dict()}
    return TrainConfig(
        data=DataConfig(
            classes=card.classes,
            pixel_nm=card.pixel_nm,
            height_px=card.height_px,
            zoom=card.zoom,
        ),
        network=model.config,
        augment=teach.augment or AugmentConfig(),
        about=AboutConfig(**about),
        name=card.name,
        seed=teach.seed,
        steps=teach.steps or STEPS,
        batch=teach.batch,
        patch=card.patch,  # that it is judged and predicts with
        learning_rate=teach.learning_rate,
        weight_decay=0.0,  # the pull replaces it
        transformer_rate=(
            0.0 if teach.parts == "not transformers" else teach.transformer_rate
        ),
        transformer_freeze=0.0,
        class_balance=teach.class_balance or 0.0,
        validate_every=teach.validate_every,
        save_every=teach.save_every,
        patience=teach.patience,
        average=teach.average,
        device=teach.device,
        precision=_precision(teach),
    )


def drawn_patch(teach: TeachConfig, model: Model) -> tuple[int, int]:
    """Return the height and width of the patches to learn from, px."""
    if teach.patch is not None:
        return teach.patch
    multiple = model.config.multiple
    height, width = (
        max(multiple, min(LARGEST_PATCH, side) // multiple * multiple)
        for side in model.card.patch
    )
    return height, width


def _precision(teach: TeachConfig) -> Literal["float32", "bfloat16", "float16"]:
    if teach.precision != "auto":
        return teach.precision
    fast = _on_cpu(teach) and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return "bfloat16" if fast else "float32"


def _on_cpu(teach: TeachConfig) -> bool:
    return bool(choose_device(teach.device).type == "cpu")
