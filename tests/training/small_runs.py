"""A small data set on disk, and settings that train on it within seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from tifffile import imwrite

from dense_transformer.config import (
    AugmentConfig,
    DataConfig,
    NetworkConfig,
    TrainConfig,
    TransformerConfig,
)

SIDE = 48


def write_stripes(root: Path, sections: int = 3) -> Path:
    """Write sections in the VNC layout: dark stripes are membranes, with noise."""
    rng = np.random.default_rng(5)
    (root / "raw").mkdir(parents=True)
    (root / "membranes").mkdir()
    y, x = np.mgrid[:SIDE, :SIDE]
    for section in range(sections):
        membrane = (x + y * (section + 1) // 3) % 12 < 3
        image = np.where(membrane, 70, 170) + rng.normal(0, 12, membrane.shape)
        imwrite(
            root / "raw" / f"{section:02d}.tif", image.clip(0, 255).astype(np.uint8)
        )
        Image.fromarray(membrane).save(root / "membranes" / f"{section:02d}.png")
    return root


def small_config(root: Path | str, **changes) -> TrainConfig:
    """Return settings of a run of six steps on `root`, with one transformer."""
    settings = {
        "data": DataConfig(
            layout="vnc", root=str(root), train=("0:2",), validation=("2:3",)
        ),
        "network": NetworkConfig(
            depth=3,
            base_channels=4,
            transformers=(TransformerConfig(level=2, localisation_channels=4),),
        ),
        "augment": AugmentConfig(blur_share=0.0),
        "steps": 6,
        "batch": 2,
        "patch": (32, 32),
        "validate_every": 3,
        "save_every": 2,
        "device": "cpu",
    }
    return TrainConfig(**(settings | changes))
