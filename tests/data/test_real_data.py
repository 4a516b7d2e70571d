"""The real VNC sections and CamVid frames, where they are there."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image as PilImage

from dense_transformer.config import DataConfig
from dense_transformer.data import (
    measure_intensity,
    open_pairs,
    read_image,
    read_section,
)


def test_vnc_sections_and_membranes(shared_data):
    config = DataConfig(
        layout="vnc", root="vnc", train=("10:13",), validation=("13:16",)
    )
    data = open_pairs(config, 1, shared_data)
    assert [pair.name for pair in data.train] == ["10", "11", "12"]
    assert [pair.name for pair in data.validation] == ["13", "14", "15"]
    for pair in (*data.train, *data.validation):
        raw = np.array(PilImage.open(shared_data / f"vnc/raw/{pair.name}.tif"))
        true = np.array(PilImage.open(shared_data / f"vnc/membranes/{pair.name}.png"))
        assert_array_equal(pair.labels, true + 1)
        assert 0.15 < (pair.labels == 2).mean() < 0.25  # "20 % of the pixels"
        low, high = np.percentile(raw, [1, 99], method="nearest")
        expected = (raw.astype(float) - low) / (high - low) * 2 - 1
        assert np.abs(pair.pixels[0] - expected.clip(-2, 2)).max() < 1e-6
    assert len(data.hashes) == 12


def test_camvid_split_and_road(shared_data):
    root = shared_data / "camvid"
    rows = list(csv.reader((root / "split.csv").open()))[1:]
    validation = [name for split, name in rows if split == "val"]
    config = DataConfig(
        layout="camvid",
        root="camvid",
        train=tuple(name for split, name in rows if split == "train")[:3],
        validation=tuple(validation[:3]),
        foreground=("road",),
        classes=("other", "road"),
    )
    data = open_pairs(config, 3, shared_data)
    for pair in (*data.train, *data.validation):
        values = np.array(PilImage.open(root / f"labels/{pair.name}.png"))
        assert_array_equal(pair.labels == 2, values == 3)
        assert_array_equal(pair.labels == 0, values == 11)
        assert pair.pixels.shape == (3, 360, 480)


@pytest.mark.slow
def test_camvid_splits_itself_as_published(shared_data):
    config = DataConfig(
        layout="camvid", root="camvid", foreground=("road",), classes=("other", "road")
    )
    data = open_pairs(config, 3, shared_data)
    assert (len(data.train), len(data.validation)) == (150, 79)


def test_real_section_is_mapped_not_copied(shared_data):
    image = read_image(shared_data / "vnc/raw/00.tif")
    box = read_section(image, 0, (100, 200, 300, 500))[..., 0]
    whole = np.array(PilImage.open(shared_data / "vnc/raw/00.tif"))
    assert_array_equal(box, whole[100:300, 200:500])
    assert measure_intensity(image).low < measure_intensity(image).high
