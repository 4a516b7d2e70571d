"""Where data sets of electron microscopy keep their sections and labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from dense_transformer.config import DataConfig
from dense_transformer.data.boundaries import BOUNDARY, INSIDE, boundary_labels
from dense_transformer.data.entries import (
    Entry,
    check_two_classes,
    images_in,
    partner,
    section_names,
)
from dense_transformer.data.hdf5 import dataset_attributes
from dense_transformer.data.images import read_image
from dense_transformer.data.labels import map_labels, open_labels, section_values
from dense_transformer.errors import DataError
from dense_transformer.types import Array, Image

# Pixel sizes (y, x) for files that don't say: 4.6 x 4.6 nm in the README of VNC's
# repository, 6 x 6 x 30 nm as SNEMI3D's users give it, 4 x 4 x 50 nm in the text of the
# ISBI 2012 challenge.
VNC_NM, SNEMI3D_NM, ISBI2012_NM = (4.6, 4.6), (6.0, 6.0), (4.0, 4.0)

_RAW, _IDS = "volumes/raw", "volumes/labels/neuron_ids"


def vnc_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return raw/NN.tif with membranes/NN.png, True where there is a membrane.

    Source: Gerhard et al. 2013, doi:10.6084/m9.figshare.856713.
    """
    check_two_classes(config)
    images = images_in(root / "raw")
    membranes = images_in(root / "membranes")
    table = {0: INSIDE, 1: BOUNDARY, 255: BOUNDARY}
    entries = []
    for stem, path in images.items():
        labels = partner(stem, root / "membranes", membranes)
        image = partial(_image, path, VNC_NM)
        entries.append(
            Entry(stem, image, partial(_mapped, labels, table), (path, labels))
        )
    return entries


def snemi3d_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return the sections of train-input.tif with boundaries of train-labels.tif.

    The labels are instance ids. Source: Kasthuri et al. 2015,
    doi:10.1016/j.cell.2015.06.054.
    """
    check_two_classes(config)
    ids = partial(boundary_labels, half_width_px=config.boundary_px)
    files = root / "train-input.tif", root / "train-labels.tif"
    return _stack_entries(*files, SNEMI3D_NM, ids)


def isbi2012_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return the sections of train-volume.tif with train-labels.tif, 0 = membrane.

    Source: Arganda-Carreras et al. 2015, doi:10.3389/fnana.2015.00142.
    """
    check_two_classes(config)
    table = {0: BOUNDARY, 1: INSIDE, 255: INSIDE}
    files = root / "train-volume.tif", root / "train-labels.tif"
    where = str(files[1])
    return _stack_entries(*files, ISBI2012_NM, lambda v: map_labels(v, table, where))


def cremi_entries(root: Path, config: DataConfig) -> list[Entry]:
    """Return the sections of every HDF5 file of the folder with its boundaries.

    Raw data are volumes/raw, instance ids volumes/labels/neuron_ids, which may
    cover a part of it (attribute ``offset``, nm); the rest is ignored. Source:
    cremi.org.
    """
    check_two_classes(config)
    entries: list[Entry] = []
    files = images_in(root, (".hdf", ".h5", ".hdf5"))
    for stem, path in files.items():
        image = read_image(path, dataset=_RAW)
        ids = open_labels(path, _IDS)
        first = _offset_px(path, image, ids)
        prefix = f"{stem}/" if len(files) > 1 else ""
        names = section_names(image.sections, prefix)
        for section in range(first[0], first[0] + ids.sections):
            labels = partial(
                _placed_boundaries, ids, section, first, image.size, config.boundary_px
            )
            entries.append(
                Entry(names[section], partial(_of, image, section), labels, (path,))
            )
    return entries


def _stack_entries(
    images: Path,
    labels: Path,
    pixel_nm: tuple[float, float],
    convert: Callable[[Array], Array],
) -> list[Entry]:
    """Return the sections of two stacks that go together."""
    for path in (images, labels):
        if not path.is_file():
            raise DataError(f"{path} is missing; is the root of the data set right?")
    image, values = _image(images, pixel_nm)[0], open_labels(labels)
    if image.sections != values.sections:
        raise DataError(
            f"{images} has {image.sections} sections, {labels} {values.sections}; "
            "they have to be as many"
        )

    def converted(section: int) -> Array:
        return convert(section_values(values, section))

    return [
        Entry(name, partial(_of, image, z), partial(converted, z), (images, labels))
        for z, name in enumerate(section_names(image.sections))
    ]


def _image(path: Path, pixel_nm: tuple[float, float]) -> tuple[Image, int]:
    image = read_image(path)
    return Image(image.data, image.axes, image.name, image.pixel_nm or pixel_nm), 0


def _of(image: Image, section: int) -> tuple[Image, int]:
    return image, section


def _mapped(path: Path, table: dict[int, int]) -> Array:
    return map_labels(section_values(open_labels(path)), table, str(path))


def _offset_px(path: Path, image: Image, ids: Image) -> tuple[int, int, int]:
    """Return (z, y, x) where the labelled part of a volume starts."""
    attributes = dataset_attributes(path, _IDS)
    offset = attributes.get("offset", np.zeros(3)).astype(float).ravel()
    pitch = attributes.get("resolution", np.ones(3)).astype(float).ravel()
    sizes = (ids.sections, *ids.size), (image.sections, *image.size)
    if len(offset) == len(pitch) == 3 and (pitch > 0).all():
        first = np.round(offset / pitch)
        if np.isfinite(first).all() and (first >= 0).all():
            z, y, x = first.astype(int).tolist()
            if all(f + n <= m for f, n, m in zip((z, y, x), *sizes, strict=True)):
                return z, y, x
    raise DataError(
        f"{path}: {_IDS} of size {sizes[0]} (z, y, x) with offset {offset.tolist()} nm "
        f"isn't inside {_RAW} of size {sizes[1]}"
    )


def _placed_boundaries(
    ids: Image,
    section: int,
    first: tuple[int, int, int],
    size: tuple[int, int],
    half_width_px: int,
) -> Array:
    """Return the labels of a whole section, 0 where the ids don't reach."""
    values = section_values(ids, section - first[0])
    out = np.zeros(size, np.uint8)
    rows = slice(first[1], first[1] + values.shape[0])
    columns = slice(first[2], first[2] + values.shape[1])
    out[rows, columns] = boundary_labels(values, half_width_px)
    return out
