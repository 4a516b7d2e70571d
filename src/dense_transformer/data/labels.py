"""Label images: 0 = ignored, class index + 1 elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dense_transformer.data.claims import first_bytes
from dense_transformer.data.folders import open_folder
from dense_transformer.data.images import read_image, read_section
from dense_transformer.data.raster import PNG_START, read_indices
from dense_transformer.errors import DataError
from dense_transformer.types import Array, Image


def read_labels(
    path: str | os.PathLike[str],
    classes: int,
    *,
    section: int = 0,
    dataset: str | None = None,
) -> Array:
    """Return the labels of one section.

    Parameters
    ----------
    path : path
        Any image file with whole numbers, 0 = ignored, class index + 1 else;
        or with booleans, False = first class, True = second.
    classes : int
        Number of classes.
    section : int
        Section of a stack.
    dataset : str, optional
        Of an HDF5 file.

    Returns
    -------
    ndarray, shape (h, w), uint8

    Raises
    ------
    ImageError
        If the file can't be read.
    DataError
        If it holds colours, fractions or values beyond the classes.
    """
    values = section_values(open_labels(path, dataset), section)
    return check_labels(values, classes, str(path))


def open_labels(path: str | os.PathLike[str], dataset: str | None = None) -> Image:
    """Return a file of labels as `read_image` does, but a palette's indices."""
    path = Path(path)
    if path.is_dir():
        return open_folder(path, open_labels)
    if path.is_file() and first_bytes(path, 8) == PNG_START:
        values = read_indices(path)
        return Image(values, "yx" if values.ndim == 2 else "yxc", path.stem)
    return read_image(path, dataset=dataset)


def section_values(labels: Image, section: int = 0) -> Array:
    """Return the values (h, w) of one section of labels, as stored.

    Raises
    ------
    DataError
        If it has several numbers for each pixel.
    """
    values = read_section(labels, section)
    if values.shape[2] != 1:
        raise DataError(
            f"{labels.name} has {values.shape[2]} channels; labels have one number for "
            "each pixel"
        )
    return values[..., 0]


def check_labels(values: Array, classes: int, where: str) -> Array:
    """Return `values` as uint8 after checking that they are 0..classes.

    Booleans become the first and the second class.

    Raises
    ------
    DataError
        For a value that is no class, with the value and how often it is there.
    """
    if values.dtype.kind == "b":
        return values.astype(np.uint8) + np.uint8(1)
    strange = ~np.isin(values, np.arange(classes + 1))
    if strange.any():
        first = values[strange].flat[0]
        raise DataError(
            f"{where} holds the value {first} (no class: {int(strange.sum())} pixels); "
            f"use 0 to ignore a pixel and 1 to {classes} for its class"
        )
    return values.astype(np.uint8)


def map_labels(values: Array, table: Mapping[int, int], where: str) -> Array:
    """Return `values` translated by `table`, as uint8.

    Raises
    ------
    DataError
        For a value that the table doesn't name.
    """
    out = np.zeros(values.shape, np.uint8)
    known = np.zeros(values.shape, bool)
    for value, label in table.items():
        here = values == value
        out[here] = label
        known |= here
    if not known.all():
        raise DataError(
            f"{where} holds the value {values[~known].flat[0]}; "
            f"known are {', '.join(map(str, table))}"
        )
    return out
