"""Frames whose pixels have no size in nm are resized to a height."""

from __future__ import annotations

import numpy as np
import tifffile

from dense_transformer.config import DataConfig
from dense_transformer.data import open_pairs


def test_pairs_are_resized_to_the_height_in_proportion(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    ramp = np.repeat(np.arange(60, dtype=np.uint8)[:, None], 80, 1)
    labels = np.where(ramp < 30, 1, 2).astype(np.uint8)
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / "images" / f"{name}.tif", ramp)
        tifffile.imwrite(tmp_path / "labels" / f"{name}.tif", labels)
    config = DataConfig(
        root=str(tmp_path), train=("a",), validation=("b",), height_px=30
    )
    (pair,) = open_pairs(config, 1, tmp_path).train
    assert pair.pixels.shape == (1, 30, 40)
    assert pair.labels.tolist() == [[1] * 40] * 15 + [[2] * 40] * 15
    steps = np.diff(pair.pixels[0, :, 20])
    np.testing.assert_allclose(steps[3:-3], steps[15], rtol=1e-3)
