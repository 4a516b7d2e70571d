"""Layouts of electron microscopy on small copies."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_data_sets import BOUNDARY, GRAY, IDS, names, opened, save

from dense_transformer.errors import ConfigError, DataError


def test_vnc_true_is_membrane(tmp_path):
    for z in range(6):
        save(tmp_path / f"raw/{z:02}.tif", GRAY[z])
        save(tmp_path / f"membranes/{z:02}.png", IDS[z] == 0)
    data = opened(tmp_path, "vnc", train=("0:4",), validation=("04", "05"))
    assert (names(data.train)[-1], names(data.validation)) == ("03", ["04", "05"])
    assert_array_equal(data.train[0].labels, (IDS[0] == 0) + 1)
    data = opened(tmp_path, "vnc", pixel_nm=(9.2, 9.2))  # from 4.6 nm, as published
    assert data.train[0].pixels.shape == (1, 12, 16)


def test_vnc_without_names_keeps_neighbours_apart(tmp_path):
    for z in range(6):
        save(tmp_path / f"raw/{z:02}.tif", GRAY[z])
        save(tmp_path / f"membranes/{z:02}.png", IDS[z] == 0)
    assert names(opened(tmp_path, "vnc").validation) == ["05"]


def test_snemi3d_boundaries_come_from_ids(tmp_path):
    save(tmp_path / "train-input.tif", GRAY)
    save(tmp_path / "train-labels.tif", IDS)
    data = opened(tmp_path, "snemi3d")
    assert_array_equal(data.train[0].labels, BOUNDARY[0] + 1)
    wide = opened(tmp_path, "snemi3d", boundary_px=3).train[0].labels
    columns = np.flatnonzero(wide[3] == 2)
    assert_array_equal(columns, [13, 14, 15, 16, 17])  # 15 is 0; 2 on each side


def test_isbi2012_black_is_membrane(tmp_path):
    save(tmp_path / "train-volume.tif", GRAY)
    save(tmp_path / "train-labels.tif", np.where(IDS == 0, 0, 255).astype(np.uint8))
    data = opened(tmp_path, "isbi2012")
    assert_array_equal(data.train[0].labels, (IDS[0] == 0) + 1)
    save(tmp_path / "train-labels.tif", np.full(GRAY.shape, 77, np.uint8))
    with pytest.raises(DataError, match="value 77"):
        opened(tmp_path, "isbi2012")
    (tmp_path / "train-labels.tif").unlink()
    with pytest.raises(DataError, match=r"train-labels\.tif is missing"):
        opened(tmp_path, "isbi2012")


def cremi(path, first=None):
    ids = IDS.astype(np.uint64)
    ids[:, 0, 0] = 2**64 - 1
    with h5py.File(path, "w") as file:
        file.create_dataset("volumes/raw", data=GRAY, compression="gzip")
        file["volumes/raw"].attrs["resolution"] = [40.0, 4.0, 4.0]
        part = ids if first is None else ids[1:5, 2:20, 3:30]
        file["volumes/labels/neuron_ids"] = part
        attributes = file["volumes/labels/neuron_ids"].attrs
        attributes["resolution"] = [40.0, 4.0, 4.0]
        if first is not None:
            attributes["offset"] = first


def test_cremi_volume_with_unlabelled_pixels(tmp_path):
    cremi(tmp_path / "sample_A.hdf")
    data = opened(tmp_path, "cremi", train=("0:4",), validation=("4:6",))
    expected = BOUNDARY[0] + np.uint8(1)
    expected[0, 0] = 0
    assert_array_equal(data.train[0].labels, expected)
    assert opened(tmp_path, "cremi", pixel_nm=(8, 8)).train[0].labels.shape == (12, 16)


def test_cremi_labels_with_an_offset_are_put_in_place(tmp_path):
    cremi(tmp_path / "sample_A.hdf", first=[40.0, 8.0, 12.0])
    cremi(tmp_path / "sample_B.hdf", first=[40.0, 8.0, 12.0])
    data = opened(tmp_path, "cremi", train=("sample_A",), validation=("sample_B/01",))
    assert names(data.train) == [f"sample_A/0{z}" for z in range(1, 5)]
    labels = data.train[0].labels
    expected = BOUNDARY[0] + np.uint8(1)
    assert_array_equal(labels[3:19, 4:29], expected[3:19, 4:29])
    labels = labels.copy()
    labels[2:20, 3:30] = 0
    assert not labels.any()
    cremi(tmp_path / "sample_B.hdf", first=[400.0, 8.0, 12.0])
    with pytest.raises(DataError, match=r"sample_B.*isn't inside"):
        opened(tmp_path, "cremi")


@pytest.mark.parametrize("layout", ["vnc", "snemi3d", "isbi2012", "cremi", "kitti"])
def test_two_classes_are_two_classes(tmp_path, layout):
    with pytest.raises(ConfigError, match="2 names"):
        opened(tmp_path, layout, classes=("a", "b", "c"))
    with pytest.raises(ConfigError, match="no foreground"):
        opened(tmp_path, layout, foreground=("road",))
