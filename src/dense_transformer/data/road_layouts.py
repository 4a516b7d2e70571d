"""Where data sets of roads keep their frames and labels."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

from dense_transformer.config import DataConfig
from dense_transformer.data.entries import Entry, images_in, partner
from dense_transformer.data.images import read_image
from dense_transformer.data.labels import map_labels, raw_labels
from dense_transformer.errors import ConfigError, DataError
from dense_transformer.types import Array, Image

CAMVID_CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car",
    "pedestrian", "bicyclist",
)  # fmt: skip
_CAMVID_IGNORED = 11


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


def _read_split(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"split", "name"} <= set(rows[0]):
        raise DataError(f"{path}: its first line has to be split,name")
    words = {
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
    return map_labels(raw_labels(path), table, str(path))
