"""The generic layout, and what all layouts share."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from small_data_sets import GRAY, IDS, names, opened, save

from dense_transformer.config import DataConfig
from dense_transformer.data import layouts, open_pairs
from dense_transformer.errors import DataError, ImageError


@pytest.fixture
def folders(tmp_path):
    """Ten images with labels: the class is the image's own threshold."""
    for n in range(10):
        save(tmp_path / f"images/scan{n}.tif", GRAY[n % 6])
        save(tmp_path / f"labels/scan{n}.png", (GRAY[n % 6] > 128).astype(np.uint8) + 1)
    return tmp_path


def test_folders_pair_files_of_the_same_stem(folders):
    data = opened(folders, "folders")
    assert names(data.validation) == ["scan4", "scan9"]
    assert len(data.train) == 8
    pair = data.train[0]
    assert pair.pixels.shape == (1, 24, 32)
    assert pair.pixels.dtype == np.float32
    assert_array_equal(pair.labels, (GRAY[0] > 128) + 1)
    assert np.ptp(pair.pixels) == pytest.approx(2, abs=0.2)


def test_train_and_validation_as_named(folders):
    data = opened(folders, "folders", validation=("scan3",))
    assert names(data.validation) == ["scan3"]
    assert len(data.train) == 9
    data = opened(folders, "folders", train=("scan3", "scan1"), validation=("scan7",))
    assert names(data.train) == ["scan1", "scan3"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"train": ("scan77",)}, "'scan77' is none of the 10"),
        ({"train": ("scan1",), "validation": ("scan1",)}, "scan1 is in train and"),
        ({"validation": ("scan",)}, "none of the 10"),
        ({"validation": tuple(f"scan{n}" for n in range(10))}, "0 images to train"),
    ],
)
def test_names_that_cannot_be_are_refused(folders, options, match):
    with pytest.raises(DataError, match=match):
        opened(folders, "folders", **options)


def test_hashes_are_those_of_the_files_used(folders):
    data = opened(folders, "folders", train=("scan1",), validation=("scan2",))
    assert [name for name, _ in data.hashes] == [
        "images/scan1.tif", "images/scan2.tif", "labels/scan1.png", "labels/scan2.png",
    ]  # fmt: skip
    for name, digest in data.hashes:
        assert hashlib.sha256((folders / name).read_bytes()).hexdigest() == digest


def test_more_than_half_of_the_memory_is_refused(folders, monkeypatch):
    monkeypatch.setattr(layouts, "memory_bytes", lambda: 20_000)
    with pytest.raises(DataError, match="3 of 10 images take 11520 bytes"):
        opened(folders, "folders")


def test_missing_label_file_is_named(folders):
    (folders / "labels/scan5.png").unlink()
    with pytest.raises(DataError, match=r"labels.scan5\.\* is missing"):
        opened(folders, "folders")


def test_missing_folder_and_root_are_named(tmp_path):
    with pytest.raises(DataError, match="images is missing"):
        opened(tmp_path, "folders")
    with pytest.raises(DataError, match="is no folder"):
        open_pairs(DataConfig(root="nowhere"), 1, tmp_path)


def test_labels_of_another_size_are_named(folders):
    save(folders / "labels/scan4.png", np.ones((24, 31), np.uint8))
    with pytest.raises(DataError, match=r"scan4.*\(24, 32\).*\(24, 31\)"):
        opened(folders, "folders")


def test_labels_with_an_unknown_class_are_named(folders):
    save(folders / "labels/scan4.png", np.full((24, 32), 3, np.uint8))
    with pytest.raises(DataError, match=r"scan4\.png holds the value 3 .*1 to 2"):
        opened(folders, "folders")


def test_labels_that_are_all_ignored_are_named(folders):
    save(folders / "labels/scan4.png", np.zeros((24, 32), np.uint8))
    with pytest.raises(DataError, match="scan4: all pixels are ignored"):
        opened(folders, "folders")


def test_damaged_image_is_named(folders):
    path = folders / "images/scan4.tif"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ImageError, match=r"scan4\.tif"):
        opened(folders, "folders")


def test_two_files_of_one_stem_are_refused(folders):
    save(folders / "images/scan4.png", GRAY[0])
    with pytest.raises(DataError, match=r"scan4\.png and scan4\.tif"):
        opened(folders, "folders")


def test_one_stack_is_split_by_section_and_ranges_are_half_open(tmp_path):
    save(tmp_path / "images/a.tif", GRAY)
    save(tmp_path / "labels/a.tif", (IDS == 0).astype(np.uint8) + 1)
    data = opened(tmp_path, "folders", train=("0:3",), validation=("4:",))
    assert names(data.train) == ["00", "01", "02"]
    assert names(data.validation) == ["04", "05"]
    save(tmp_path / "images/b.tif", GRAY)
    save(tmp_path / "labels/b.tif", (IDS == 0).astype(np.uint8) + 1)
    data = opened(tmp_path, "folders", train=("a",), validation=("b/05",))
    assert names(data.train) == [f"a/0{z}" for z in range(6)]


def test_stack_with_fewer_labels_is_refused(tmp_path):
    save(tmp_path / "images/a.tif", GRAY)
    save(tmp_path / "labels/a.tif", np.ones((5, 24, 32), np.uint8))
    with pytest.raises(DataError, match=r"6 sections.* 5; they have to be as many"):
        opened(tmp_path, "folders")


def test_channels_are_fitted_to_the_network(folders):
    colours = np.stack([GRAY[0], GRAY[1], GRAY[2]], -1)
    save(folders / "images/scan0.tif", GRAY[0])
    gray = opened(folders, "folders", 3).train[0].pixels
    assert_array_equal(gray[0], gray[2])
    (folders / "images/scan0.tif").unlink()
    save(folders / "images/scan0.png", colours)
    assert opened(folders, "folders", 3).train[0].pixels.shape == (3, 24, 32)
    mean = opened(folders, "folders", 3).train[0].pixels.mean(0)
    assert np.allclose(
        opened(folders, "folders", 1).train[0].pixels[0], mean, atol=1e-6
    )
    with pytest.raises(DataError, match="3 channels, the network 2"):
        opened(folders, "folders", 2)


def test_pixel_size_that_differs_is_resampled(tmp_path):
    for n in range(2):
        path = tmp_path / f"images/{n}.tif"
        path.parent.mkdir(exist_ok=True)
        tifffile.imwrite(
            path, GRAY[n], imagej=True, resolution=(0.25, 0.5), metadata={"unit": "nm"}
        )  # 4 nm along x, 2 nm along y
        save(tmp_path / f"labels/{n}.png", (IDS[0] == 0).astype(np.uint8) + 1)
    data = opened(tmp_path, "folders", pixel_nm=(4.0, 4.0))
    assert data.train[0].pixels.shape == (1, 12, 32)
    assert_array_equal(data.train[0].labels, (IDS[0, ::2] == 0) + 1)
    assert opened(tmp_path, "folders").train[0].pixels.shape == (1, 24, 32)
