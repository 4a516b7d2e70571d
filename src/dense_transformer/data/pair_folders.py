"""The generic layout: a folder of images and a folder of labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dense_transformer.config import DataConfig
from dense_transformer.data.entries import Entry, images_in, partner, section_names
from dense_transformer.data.images import read_image
from dense_transformer.data.labels import check_labels, open_labels, section_values
from dense_transformer.errors import ConfigError, DataError
from dense_transformer.types import Array, Image


def folder_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return images/NAME.* with labels/NAME.*: 0 = ignored, class index + 1.

    A stack gives one entry for each section, called NAME/07, or 07 where it is
    the only file.
    """
    if config.foreground:
        raise ConfigError(
            f"foreground {config.foreground}: the layout 'folders' has its classes as "
            "numbers; leave it empty"
        )
    images, labels = images_in(root / "images"), images_in(root / "labels")
    entries: list[Entry] = []
    for stem, path in images.items():
        other = partner(stem, root / "labels", labels)
        image, values = read_image(path), open_labels(other)
        if image.sections != values.sections:
            raise DataError(
                f"{path} has {image.sections} sections, {other} {values.sections}; "
                "they have to be as many"
            )
        names = [stem]
        if image.axes.startswith("z"):
            prefix = f"{stem}/" if len(images) > 1 else ""
            names = section_names(image.sections, prefix)
        entries += [
            Entry(
                name,
                partial(_section, path, z),
                partial(_labels, other, z, len(config.classes)),
                (path, other),
            )
            for z, name in enumerate(names)
        ]
    return entries


def _section(path: Path, section: int) -> tuple[Image, int]:
    return read_image(path), section  # opened again: many files stay closed


def _labels(path: Path, section: int, classes: int) -> Array:
    values = section_values(open_labels(path), section)
    return check_labels(values, classes, str(path))
