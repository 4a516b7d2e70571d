"""Where data sets of roads keep their frames and labels."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import numpy as np

from dense_transformer.config import DataConfig
from dense_transformer.data.entries import (
    Entry,
    Split,
    check_two_classes,
    images_in,
    partner,
)
from dense_transformer.data.images import read_image, read_section
from dense_transformer.data.labels import map_labels, open_labels, section_values
from dense_transformer.errors import ConfigError, DataError
from dense_transformer.types import Array, Image

CAMVID_CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car",
    "pedestrian", "bicyclist",
)  # fmt: skip
_CAMVID_IGNORED = 11
_OTHER, _ROAD = 1, 2


def camvid_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return images/NAME.* with labels/NAME.png and the split of split.csv."""
    table = class_table(CAMVID_CLASSES, config) | {_CAMVID_IGNORED: 0}
    images, labels = images_in(root / "images"), images_in(root / "labels")
    split = _read_split(root / "split.csv")
    if strangers := [name for name in split if name not in images]:
        raise DataError(f"{root / 'split.csv'} names {strangers[0]}, which isn't there")
    return [
        Entry(
            stem,
            partial(_image, path),
            partial(_mapped, partner(stem, root / "labels", labels), table),
            (path, labels[stem]),
            split.get(stem, ""),
        )
        for stem, path in images.items()
    ]


def kitti_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return image_2/um_000000.png with gt_image_2/um_road_000000.png.

    Also umm_ and uu_, and inside ``training/`` as it is unpacked. Red is other,
    magenta road, black ignored. Source: Fritsch, Kühnl, Geiger: A new performance
    measure and evaluation benchmark for road detection algorithms, ITSC 2013.
    """
    check_two_classes(config)
    root = root / "training" if (root / "training").is_dir() else root
    images, truths = images_in(root / "image_2"), images_in(root / "gt_image_2")
    entries = []
    for stem, path in images.items():
        kind, _, number = stem.partition("_")
        truth = partner(f"{kind}_road_{number}", root / "gt_image_2", truths)
        image, labels = partial(_image, path), partial(_coloured, truth)
        entries.append(Entry(stem, image, labels, (path, truth)))
    return entries


def class_table(names: tuple[str, ...], config: DataConfig) -> dict[int, int]:
    """Return which label a data set's class index becomes.

    The classes in `config.foreground` join as the second of two classes; with
    no foreground every class keeps its own.

    Raises
    ------
    ConfigError
        For an unknown class, or where the number of classes doesn't fit.
    """
    if unknown := sorted(set(config.foreground) - set(names)):
        raise ConfigError(f"foreground {unknown[0]!r}: use some of {', '.join(names)}")
    expected = 2 if config.foreground else len(names)
    if len(config.classes) != expected:
        raise ConfigError(
            f"classes {config.classes}: name {expected}, or choose the foreground"
        )
    if config.foreground:
        return {i: 1 + (name in config.foreground) for i, name in enumerate(names)}
    return {i: i + 1 for i in range(len(names))}


def _read_split(path: Path) -> dict[str, Split]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"split", "name"} <= set(rows[0]):
        raise DataError(f"{path}: its first line has to be split,name")
    words: dict[str, Split] = {
        "train": "train",
        "val": "validation",
        "validation": "validation",
        "test": "",
    }
    for row in rows:
        if row["split"] not in words:
            raise DataError(f"{path}: split {row['split']!r}; use train, val or test")
    return {row["name"]: words[row["split"]] for row in rows}


def _image(path: Path) -> tuple[Image, int]:
    return read_image(path), 0


def _mapped(path: Path, table: dict[int, int]) -> Array:
    return map_labels(section_values(open_labels(path)), table, str(path))


def _coloured(path: Path) -> Array:
    pixels = read_section(read_image(path))
    if pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise DataError(f"{path} is no 8-bit RGB image; KITTI's labels are colours")
    code = (pixels.astype(np.uint32) * (65536, 256, 1)).sum(2)
    try:
        return map_labels(code, {0xFF0000: _OTHER, 0xFF00FF: _ROAD, 0: 0}, str(path))
    except DataError as error:
        raise DataError(
            f"{path} holds colours other than red (other), magenta (road) and black "
            "(ignored); save it as PNG without smoothing"
        ) from error
