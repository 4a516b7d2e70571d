"""Datasets of HDF5 files, read lazily and without following links elsewhere."""

from __future__ import annotations

import math
import weakref
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from dense_transformer.data.claims import (
    DAMAGE,
    bytes_of,
    check_claim,
    check_dtype,
    check_memory,
    check_shape,
    damaged,
)
from dense_transformer.data.hdf5_chunks import check_chunks
from dense_transformer.data.piece_cache import CACHE_BYTES
from dense_transformer.data.pixel_size import in_nm
from dense_transformer.data.sections import SectionArray, Span
from dense_transformer.errors import ImageError
from dense_transformer.types import Array, Image

#: What raw data are called, by habit; the first that is there is opened.
_USUAL_NAMES = (
    "volumes/raw",
    "raw",
    "main",
    "image",
    "images",
    "data",
    "exported_data",
)
_LARGEST_COUNT = 10_000  # objects looked at in a file
_SOFT_LINKS = 8


def open_hdf5(path: Path, dataset: str | None = None) -> Image:
    """Return a dataset of an HDF5 file; pixels are read when asked for.

    Parameters
    ----------
    path : Path
        The file.
    dataset : str, optional
        Its name; else the only 2-D or 3-D one, or the first with a usual name
        (volumes/raw, raw, main, ...), or the first.

    Notes
    -----
    Axes are (y, x), (z, y, x), or those with up to 4 channels last. The pixel
    size is read from the attributes ``resolution`` (CREMI, nm) and
    ``element_size_um``. External links, external storage and virtual datasets
    lead to other files and are refused.

    Raises
    ------
    ImageError
        If there is no such dataset, or the file is truncated, damaged, forged,
        or leads elsewhere.
    """
    try:
        file = h5py.File(path, "r", locking=False, rdcc_nbytes=CACHE_BYTES)
    except DAMAGE as error:
        raise damaged(str(path), error) from error
    try:
        found = _resolve(file, dataset, path) if dataset else _search(file, path)
        source = _Dataset(found, f"{path}/{found.name.lstrip('/')}")
    except ImageError:
        file.close()
        raise
    except DAMAGE as error:
        file.close()
        raise damaged(str(path), error) from error
    weakref.finalize(source, file.close)
    data = SectionArray(
        source.shape, source.dtype, source.axes, source.read_box, source.where
    )
    return Image(data, source.axes, path.stem, _pixel_nm(found))


def dataset_attributes(path: Path, dataset: str) -> dict[str, Array]:
    """Return the numeric attributes of a dataset."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            attributes = _resolve(file, dataset, path).attrs
            return {name: np.asarray(attributes[name]) for name in attributes}
    except ImageError:
        raise
    except DAMAGE as error:
        raise damaged(str(path), error) from error


class _Dataset:
    """A checked dataset and how to read a box of it."""

    def __init__(self, dataset: Any, where: str) -> None:
        self.where = where
        self.shape = tuple(map(int, dataset.shape or ()))
        self.axes = _axes(self.shape, where)
        self.dtype = check_dtype(dataset.dtype, where)
        self._dataset = dataset
        _check_local(dataset, where)
        check_shape(self.shape, where)
        stored = int(dataset.id.get_storage_size())
        claimed = bytes_of(self.shape, self.dtype)
        check_claim(claimed, stored, where)
        if dataset.chunks is None and dataset.id.get_offset() is not None:
            check_claim(claimed, stored, where, ratio=1)
        check_memory(bytes_of(dataset.chunks or (), self.dtype), f"{where}, a chunk")

    def read_box(self, section: int, rows: Span, columns: Span) -> Array:
        """Return pixels (rows, columns, channels) of one section."""
        key = (section,) * self.axes.startswith("z") + (slice(*rows), slice(*columns))
        try:
            check_chunks(self._dataset, key, self.where)
            box = np.asarray(self._dataset[key])
        except ImageError:
            raise
        except DAMAGE as error:
            raise damaged(f"{self.where}, section {section}", error) from error
        return box if self.axes.endswith("c") else box[..., None]


def _axes(shape: tuple[int, ...], where: str) -> str:
    colours = len(shape) in (3, 4) and shape[-1] in (3, 4) and min(shape[:-1]) > 0
    if colours and (len(shape) == 4 or shape[-2] > 4):
        return "yxc" if len(shape) == 3 else "zyxc"
    if len(shape) in (2, 3):
        return "yx" if len(shape) == 2 else "zyx"
    raise ImageError(
        f"{where} has the shape {shape}; give (y, x), (z, y, x), or those with 3 or 4 "
        "channels last"
    )


def _check_local(dataset: Any, where: str) -> None:
    """Raise ImageError where the pixels are in another file."""
    if dataset.external or dataset.is_virtual:
        raise ImageError(
            f"{where} keeps its pixels in other files, which are not opened; copy "
            "the dataset into one file"
        )


def _search(file: Any, path: Path) -> Any:
    """Return the dataset that is most likely the image; hard links only."""
    found: dict[str, Any] = {}
    seen = 0

    def look(name: str, item: Any) -> bool | None:
        nonlocal seen
        seen += 1
        if isinstance(item, h5py.Dataset) and _looks_like_image(item):
            found[name] = item
        return True if seen >= _LARGEST_COUNT else None

    file.visititems(look)
    if not found:
        raise ImageError(
            f"{path} holds no 2-D or 3-D dataset of its own; links to other files "
            "are not followed"
        )
    for name in _USUAL_NAMES:
        if name in found:
            return found[name]
    return next(iter(found.values()))


def _looks_like_image(item: Any) -> bool:
    shape = item.shape or ()
    return len(shape) in (2, 3, 4) and item.dtype.kind in "buif" and min(shape) > 0


def _resolve(file: Any, name: str, path: Path) -> Any:
    """Return the dataset of that name, through hard and soft links only."""
    parts, at, soft = name.strip("/").split("/"), file, 0
    while parts:
        part = parts.pop(0)
        if part in ("", "."):
            continue
        link = at.get(part, getlink=True) if isinstance(at, h5py.Group) else None
        if isinstance(link, h5py.SoftLink) and soft < _SOFT_LINKS:
            soft += 1
            at = file if link.path.startswith("/") else at
            parts = link.path.strip("/").split("/") + parts
        elif isinstance(link, h5py.HardLink):
            at = at[part]
        elif link is None:
            raise ImageError(f"{path} has no dataset {name!r}; it holds {_names(file)}")
        else:
            raise ImageError(
                f"{path}: {name!r} leads to another file or in circles; such links "
                "are not followed"
            )
    if not isinstance(at, h5py.Dataset):
        raise ImageError(f"{path}: {name!r} is a group; it holds {_names(file)}")
    return at


def _names(file: Any) -> str:
    names: list[str] = []

    def look(name: str, item: Any) -> bool | None:
        if isinstance(item, h5py.Dataset):
            names.append(name)
        return True if len(names) >= 8 else None

    file.visititems(look)
    return ", ".join(names) or "no dataset"


def _pixel_nm(dataset: Any) -> tuple[float, float] | None:
    """Return the pixel size (y, x) in nm from the attributes that people use."""
    for name, unit in (("resolution", "nm"), ("element_size_um", "um")):
        if name not in dataset.attrs:
            continue
        try:
            sizes = np.asarray(dataset.attrs[name], dtype=np.float64).ravel()
        except DAMAGE:
            continue
        if len(sizes) >= 2 and all(map(math.isfinite, sizes)):
            y, x = in_nm(float(sizes[-2]), unit), in_nm(float(sizes[-1]), unit)
            return None if y is None or x is None else (y, x)
    return None
