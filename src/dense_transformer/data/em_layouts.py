"""Where data sets of electron microscopy keep their sections and labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from dense_transformer.config import DataConfig
from dense_transformer.data.entries import Entry, images_in, partner
from dense_transformer.data.images import read_image
from dense_transformer.data.labels import raw_labels
from dense_transformer.types import Array, Image


def vnc_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return raw/NN.tif with membranes/NN.png, True where there is a membrane."""
    images = images_in(root / "raw")
    membranes = images_in(root / "membranes")
    return [
        Entry(
            stem,
            partial(_image, path),
            partial(_membrane_labels, partner(stem, root / "membranes", membranes)),
            (path, membranes[stem]),
        )
        for stem, path in images.items()
    ]


def _image(path: Path) -> tuple[Image, int]:
    return read_image(path), 0


def _membrane_labels(path: Path) -> Array:
    return (raw_labels(path) != 0).astype(np.uint8) + np.uint8(1)
