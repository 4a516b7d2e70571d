"""A small data set, its settings and a tiny model, all as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tifffile import imwrite

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.nn import build_network
from dense_transformer.zoo import Card, save_model

SETTINGS = """
name = "stripes"
steps = 3
batch = 2
patch = [32, 32]
validate_every = 2
save_every = 2
device = "cpu"
[network]
depth = 3
base_channels = 2
transformers = [{ level = 2, localisation_channels = 2 }]
[data]
layout = "folders"
root = "data"
train = ["a", "b"]
validation = ["c"]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A TOML file beside its data: three images of stripes, 40 x 48 px."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:40, :48]
    for kind in ("images", "labels"):
        (tmp_path / "data" / kind).mkdir(parents=True)
    for slope, name in enumerate("abc"):
        boundary = (x + slope * y) % 12 < 3
        pixels = np.where(boundary, 60, 180) + rng.normal(0, 9, boundary.shape)
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        image.save(tmp_path / "data" / "images" / f"{name}.png")
        labels = Image.fromarray(np.where(boundary, 2, 1).astype(np.uint8))
        labels.save(tmp_path / "data" / "labels" / f"{name}.png")
    path = tmp_path / "stripes.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with a network of random weights."""
    config = NetworkConfig(
        depth=3,
        base_channels=2,
        transformers=(TransformerConfig(level=2, localisation_channels=2),),
    )
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    card = Card(
        name="tiny", title="A tiny network", patch=(32, 32), scores=(("auc", 0.5),)
    )
    save_model(path, build_network(config, seed=1), card)
    return path


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A TIFF of three sections of 40 x 50 px."""
    rng = np.random.default_rng(4)
    path = tmp_path / "stack.tif"
    pixels = rng.integers(0, 255, (3, 40, 50), dtype=np.uint8)
    imwrite(path, pixels, photometric="minisblack")
    return path
