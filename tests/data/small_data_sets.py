"""Pixels, labels and ways to save and open them, for small data sets."""

from __future__ import annotations

import numpy as np
import tifffile
from PIL import Image as PilImage

from dense_transformer.config import DataConfig
from dense_transformer.data import open_pairs

DRAW = np.random.default_rng(0)
GRAY = DRAW.integers(0, 256, (6, 24, 32), np.uint8)
IDS = np.zeros((6, 24, 32), np.uint16)
IDS[:, :, :15], IDS[:, :, 16:] = 3, 8  # 0 between them
IDS[:, 12:, 16:] = 9
BOUNDARY = (IDS == 0) | False
BOUNDARY[:, 11:13, 16:] = True


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="minisblack")
    else:
        PilImage.fromarray(pixels).save(path)


def opened(root, layout, channels=1, **options):
    return open_pairs(DataConfig(layout=layout, root=".", **options), channels, root)


def names(pairs):
    return [pair.name for pair in pairs]
