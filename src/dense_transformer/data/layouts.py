"""Data sets as pairs of images and labels, whatever their layout on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dense_transformer.config import DataConfig
from dense_transformer.data.claims import memory_bytes
from dense_transformer.data.em_layouts import (
    cremi_entries,
    isbi2012_entries,
    snemi3d_entries,
    vnc_entries,
)
from dense_transformer.data.entries import Entry, pick
from dense_transformer.data.images import read_section
from dense_transformer.data.intensity import measure_intensity
from dense_transformer.data.pair_folders import folder_entries
from dense_transformer.data.pairs import DataSet, Pair
from dense_transformer.data.resample import (
    height_factor,
    pixel_factor,
    resample,
    resample_labels,
)
from dense_transformer.data.road_layouts import camvid_entries, kitti_entries
from dense_transformer.errors import DataError
from dense_transformer.types import Array

_LAYOUTS: dict[str, Callable[[Path, DataConfig], list[Entry]]] = {
    "folders": folder_entries,
    "vnc": vnc_entries,
    "snemi3d": snemi3d_entries,
    "isbi2012": isbi2012_entries,
    "cremi": cremi_entries,
    "kitti": kitti_entries,
    "camvid": camvid_entries,
}
_STACKS = ("vnc", "snemi3d", "isbi2012", "cremi")


def open_pairs(config: DataConfig, in_channels: int, base: Path) -> DataSet:
    """Return the pairs to train and to validate on, read and normalised.

    Parameters
    ----------
    config : DataConfig
        Layout, root, names and pixel size. An image whose file says another
        pixel size is resampled, with its labels, to `config.pixel_nm`; one that
        says none is taken to have it.
    in_channels : int
        Channels of the network: colours become gray for 1, gray is repeated.
    base : Path
        What a relative `config.root` starts from.

    Raises
    ------
    DataError
        If a partner is missing, image and labels differ in size, no pixel is
        labelled, training and validation overlap, or it all takes more than
        half of the memory.
    ImageError
        If a file can't be read.
    """
    root = Path(base, config.root)
    if not root.is_dir():
        raise DataError(f"{root} is no folder; set data.root to that of the data set")
    entries = _LAYOUTS[config.layout](root, config)
    train, validation = split_entries(entries, config)
    files = sorted({path for entry in (*train, *validation) for path in entry.files})
    pairs = _read_pairs([*train, *validation], config, in_channels)
    return DataSet(
        tuple(pairs[: len(train)]),
        tuple(pairs[len(train) :]),
        tuple((path.relative_to(root).as_posix(), _sha256(path)) for path in files),
    )


def split_entries(
    entries: Sequence[Entry], config: DataConfig
) -> tuple[list[Entry], list[Entry]]:
    """Return what to train and what to validate on.

    As `config.train` and `config.validation` name it. If both are empty, as the
    data set splits itself; else every 5th validates, in a stack the last 5th
    (neighbours are too alike). If one is empty, it is the rest of the other.

    Raises
    ------
    DataError
        If a name isn't there, one is in both, or one of them stays empty.
    """
    train, validation = pick(entries, config.train), pick(entries, config.validation)
    if not config.train and not config.validation:
        train = [e for e in entries if e.split == "train"]
        validation = [e for e in entries if e.split == "validation"]
        if not train or not validation:
            train, validation = _every_fifth(entries, config.layout in _STACKS)
    elif not config.train:
        train = [e for e in entries if e not in validation]
    elif not config.validation:
        validation = [e for e in entries if e not in train]
    if both := [e.name for e in train if e in validation]:
        raise DataError(f"{both[0]} is in train and validation; name it in one of them")
    if not train or not validation:
        raise DataError(
            f"{len(train)} images to train and {len(validation)} to validate on; "
            "give at least one of each (data.train, data.validation)"
        )
    return train, validation


def _every_fifth(
    entries: Sequence[Entry], stack: bool
) -> tuple[list[Entry], list[Entry]]:
    count = len(entries)
    if stack or count < 5:
        first = count - max(1, count // 5)
        return list(entries[:first]), list(entries[first:])
    return [e for i, e in enumerate(entries) if i % 5 != 4], list(entries[4::5])


def _read_pairs(
    entries: Sequence[Entry], config: DataConfig, in_channels: int
) -> list[Pair]:
    """Return all pairs, or raise DataError before they fill the memory."""
    pairs: list[Pair] = []
    held_bytes = 0
    for entry in entries:
        pair = _read_pair(entry, config, in_channels)
        held_bytes += pair.pixels.nbytes + pair.labels.nbytes
        if held_bytes > memory_bytes() // 2:
            raise DataError(
                f"{len(pairs) + 1} of {len(entries)} images take {held_bytes} bytes, "
                "half of the memory; name fewer in data.train and data.validation"
            )
        pairs.append(pair)
    return pairs


def _read_pair(entry: Entry, config: DataConfig, in_channels: int) -> Pair:
    image, section = entry.image()
    labels = entry.labels()
    if labels.shape != image.size:
        raise DataError(
            f"{entry.name}: the image has {image.size} px (h, w) and its labels "
            f"{labels.shape}; they have to be of one size"
        )
    if not labels.any():
        raise DataError(
            f"{entry.name}: all pixels are ignored (0); label some, or name the images "
            "to use in data.train and data.validation"
        )
    intensity = measure_intensity(image, section)
    pixels = fit_channels(intensity.apply(read_section(image, section)), in_channels)
    if config.height_px is None:
        factor = pixel_factor(image.pixel_nm, config.pixel_nm)
    else:
        factor = height_factor(image.size[0], config.height_px)
    factor = factor[0] * config.zoom, factor[1] * config.zoom
    return Pair(entry.name, resample(pixels, factor), resample_labels(labels, factor))


def fit_channels(pixels: Array, channels: int) -> Array:
    """Return pixels (c, h, w) with as many channels as a network wants.

    Colours become gray as their mean, gray is repeated.

    Raises
    ------
    DataError
        If neither helps.
    """
    if pixels.shape[0] == channels:
        return pixels
    if channels == 1:
        return np.asarray(pixels.mean(0, keepdims=True, dtype=np.float32))
    if pixels.shape[0] == 1:
        return np.repeat(pixels, channels, 0)
    raise DataError(
        f"the image has {pixels.shape[0]} channels, the network {channels}; "
        "use one made for it, or gray images"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
