"""Label images: 0 = ignored, class index + 1 elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dense_transformer.data.claims import first_bytes
from dense_transformer.data.images import read_image, read_section
from dense_transformer.data.raster import PNG_START, read_indices
from dense_transformer.errors import DataError
from dense_transformer.types import Array


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
    values = raw_labels(path, section=section, dataset=dataset)
    if values.dtype.kind == "b":
        return values.astype(np.uint8) + np.uint8(1)
    return check_labels(values, classes, str(path))


def raw_labels(
    path: str | os.PathLike[str], *, section: int = 0, dataset: str | None = None
) -> Array:
    """Return the values (h, w) of a file that has one per pixel, as stored."""
    path = Path(path)
    if path.is_file() and first_bytes(path, 8) == PNG_START:
        values = read_indices(path)  # of a palette, not its colours
    else:
        values = read_section(read_image(path, dataset=dataset), section)
        values = values[..., 0] if values.shape[2] == 1 else values
    if values.ndim != 2:
        raise DataError(
            f"{path} has {values.shape[2]} channels; labels have one number per pixel"
        )
    return values


def check_labels(values: Array, classes: int, where: str) -> Array:
    """Return `values` as uint8 after checking that they are 0..classes.

    Raises
    ------
    DataError
        For a value that is no class, with the value and how often it is there.
    """
    known = np.arange(classes + 1)
    strange = ~np.isin(values, known)
    if strange.any():
        first = values[strange].flat[0]
        raise DataError(
            f"{where} holds the value {first} ({int(strange.sum())} pixels are no class); "
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
