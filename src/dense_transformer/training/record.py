"""What a run and its models say about where they come from."""

from __future__ import annotations

import platform
import shlex
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from dense_transformer.data import NORMALISATION
from dense_transformer.zoo import Card, LevelHealth

if TYPE_CHECKING:
    from dense_transformer.config import TrainConfig
    from dense_transformer.data import DataSet
    from dense_transformer.training.validation import Validation

PACKAGES = ("napari-dtn", "torch", "numpy", "scipy")


def describe_run(data: DataSet, device: torch.device) -> dict[str, Any]:
    """Return what ``config.json`` says beside the settings; no host, no user."""
    return {
        "command": shlex.join([_program(), *sys.argv[1:]]),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": dict(_versions()),
        "device": describe_device(device),
        "threads": torch.get_num_threads(),
        "data": [list(item) for item in data.hashes],
    }


def describe_device(device: torch.device) -> str:
    """Return a device's kind and model, such as ``"cuda (NVIDIA H100)"``."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({platform.machine()})"


def make_card(
    config: TrainConfig, record: dict[str, Any], validation: Validation | None
) -> Card:
    """Return the card of a model of a run.

    Parameters
    ----------
    config : TrainConfig
        Settings of the run.
    record : dict
        What its ``config.json`` says.
    validation : Validation or None
        Of the very weights that are saved; None if they weren't validated.
    """
    scores: tuple[tuple[str, float | None], ...] = ()
    health: tuple[LevelHealth, ...] = ()
    if validation is not None:
        found = validation.scores
        names = ("auc", "f1", "threshold", "f1_half", "precision", "recall", "iou")
        scores = tuple((name, float(getattr(found, name))) for name in names)
        health = tuple(LevelHealth.of(level) for level in validation.health)
    return Card(
        name=config.name,
        **config.about.to_dict(),
        seed=config.seed,
        command=str(record["command"]),
        created=str(record["created"]),
        versions=tuple((str(k), str(v)) for k, v in record["versions"].items()),
        pixel_nm=config.data.pixel_nm,
        height_px=config.data.height_px,
        zoom=config.data.zoom,
        classes=config.data.classes,
        normalisation=NORMALISATION,
        in_channels=config.network.in_channels,
        patch=config.patch,
        scores=scores,
        health=health,
    )


def _program() -> str:
    """Return the program as it is typed, also where it runs as a module."""
    name = Path(sys.argv[0]).name
    return "dtn" if name == "__main__.py" else name


def _versions() -> list[tuple[str, str]]:
    found = [("python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:  # run from a checkout
            found.append((package, "unknown"))
    return found
