"""Layouts of road scenes on small copies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_data_sets import GRAY, names, opened, save

from dense_transformer.errors import ConfigError, DataError

KITTI = np.zeros((24, 32, 3), np.uint8)
KITTI[4:, :, 0] = 255  # red, above it black
KITTI[12:, 8:24, 2] = 255  # magenta


def kitti(root):
    for stem in ("um_000000", "umm_000001", "uu_000002"):
        save(root / f"image_2/{stem}.png", np.stack([GRAY[0]] * 3, -1))
        kind, number = stem.split("_")
        save(root / f"gt_image_2/{kind}_road_{number}.png", KITTI)
    save(root / "gt_image_2/um_lane_000000.png", KITTI)


@pytest.mark.parametrize("inside", [".", "training"])
def test_kitti_colours(tmp_path, inside):
    kitti(tmp_path / inside)
    data = opened(tmp_path, "kitti", 3, classes=("other", "road"))
    expected = np.zeros((24, 32))
    expected[4:] = 1
    expected[12:, 8:24] = 2
    assert_array_equal(data.train[0].labels, expected)
    assert names([*data.train, *data.validation]) == [
        "um_000000", "umm_000001", "uu_000002",
    ]  # fmt: skip


def test_kitti_with_other_colours_or_without_truth_is_refused(tmp_path):
    kitti(tmp_path)
    wrong = KITTI.copy()
    wrong[20, 20] = 254, 0, 255
    save(tmp_path / "gt_image_2/uu_road_000002.png", wrong)
    with pytest.raises(DataError, match=r"uu_road_000002\.png holds colours"):
        opened(tmp_path, "kitti", 3)
    (tmp_path / "gt_image_2/uu_road_000002.png").unlink()
    with pytest.raises(DataError, match=r"uu_road_000002\.\* is missing"):
        opened(tmp_path, "kitti", 3)


def camvid(root, classes=12):
    labels = np.arange(24 * 32).reshape(24, 32) % classes
    for n in range(5):
        save(root / f"images/f{n}.jpg", np.stack([GRAY[n]] * 3, -1))
        save(root / f"labels/f{n}.png", labels.astype(np.uint8))
    lines = ["split,name"] + [f"{'val' if n < 2 else 'train'},f{n}" for n in range(5)]
    (root / "split.csv").write_text("\n".join(lines))
    return labels


def test_camvid_foreground_is_joined_and_unlabelled_ignored(tmp_path):
    labels = camvid(tmp_path)
    options = {"foreground": ("road", "pavement"), "classes": ("other", "ground")}
    data = opened(tmp_path, "camvid", 3, **options)
    assert names(data.validation) == ["f0", "f1"]
    assert names(data.train) == ["f2", "f3", "f4"]
    expected = np.where(np.isin(labels, [3, 4]), 2, 1)
    expected[labels == 11] = 0
    assert_array_equal(data.train[0].labels, expected)


def test_camvid_keeps_eleven_classes_without_a_foreground(tmp_path):
    labels = camvid(tmp_path)
    classes = tuple(f"class {n}" for n in range(11))
    found = opened(tmp_path, "camvid", 3, classes=classes).train[0].labels
    assert_array_equal(found, np.where(labels == 11, 0, labels + 1))


def test_camvid_with_what_it_does_not_know_is_refused(tmp_path):
    camvid(tmp_path, classes=13)
    options = {"foreground": ("road",), "classes": ("other", "road")}
    with pytest.raises(DataError, match="value 12"):
        opened(tmp_path, "camvid", 3, **options)
    with pytest.raises(ConfigError, match="'rod'"):
        opened(tmp_path, "camvid", 3, foreground=("rod",))
    with pytest.raises(ConfigError, match="name 11"):
        opened(tmp_path, "camvid", 3)
    (tmp_path / "split.csv").write_text("split,name\ntrain,f9\n")
    with pytest.raises(DataError, match="f9"):
        opened(tmp_path, "camvid", 3, **options)
