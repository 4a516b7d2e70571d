"""A small project of striped sections, a small model, and runs of a few steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dense_transformer.config import NetworkConfig, TeachConfig, TransformerConfig
from dense_transformer.nn import build_network
from dense_transformer.teaching import Patch, Project, begin_run
from dense_transformer.zoo import Card, save_model

SIDE, SECTIONS = 96, 3
CLASSES = ("inside", "boundary")


def striped(section: int = 0, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels and truth (h, w): dark stripes are boundaries, with noise."""
    rng = np.random.default_rng([seed, section])
    y, x = np.mgrid[:SIDE, :SIDE]
    boundary = (x + y * (section + 1) // 3) % 12 < 3
    pixels = np.where(boundary, 70, 170) + rng.normal(0, 12, boundary.shape)
    truth = np.where(boundary, 2, 1).astype(np.uint8)
    return pixels.clip(0, 255).astype(np.uint8), truth


def write_small_model(path: Path, seed: int = 3) -> Path:
    """Write an untrained model of three levels with one transformer."""
    config = NetworkConfig(
        depth=3,
        base_channels=4,
        transformers=(TransformerConfig(level=2, localisation_channels=4),),
    )
    network = build_network(config, seed)
    with torch.no_grad():  # statistics of a trained network are not 0 and 1
        network.train()
        pixels = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(1))
        for _ in range(20):
            network(pixels * 2 - 1)
    card = Card(name="small", classes=CLASSES, patch=(32, 32))
    save_model(path, network.eval(), card)
    return path


def make_project(folder: Path, places: int = 4) -> Project:
    """Return a project, open, with a stack and some annotated patches of 24 px."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    model = write_small_model(folder.parent / f"{folder.name}.safetensors")
    project = Project.create(folder, model)
    stack = [striped(section) for section in range(SECTIONS)]
    project.add_image("stripes", np.stack([pixels for pixels, _ in stack]))
    journal = project.journal("stripes")
    for place in range(places):
        section = place % SECTIONS
        top, left = 8 + 30 * (place // SECTIONS), 8 + 17 * place % 60
        truth = stack[section][1][top : top + 24, left : left + 24]
        patch = Patch(section, top, left, top + 24, left + 24)
        journal.paint(section, top, left, np.zeros_like(truth), truth)
        journal.add_patch(patch)
    return project


def small_teaching(**changes) -> TeachConfig:
    """Return settings of a few quick steps on the CPU."""
    settings = {
        "steps": 8,
        "batch": 2,
        "patch": (32, 32),
        "validate_every": 4,
        "save_every": 2,
        "device": "cpu",
        "threads": 1,
        "precision": "float32",
        "zoom": False,
        "pull": 0.0,
    }
    return TeachConfig(**(settings | changes))


def make_run(folder: Path, **changes) -> Path:
    """Return a run, not begun, of a new project in `folder`."""
    with make_project(folder) as project:
        return begin_run(project, small_teaching(**changes))


def weights_of(path: Path) -> bytes:
    """Return the bytes of a model's weights, without its card."""
    content = path.read_bytes()
    return content[8 + int.from_bytes(content[:8], "little") :]
