"""Images of a project: found again, known again, or kept by it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import tifffile

from dense_transformer.data import read_image, read_section
from dense_transformer.errors import ImageError, ProjectError
from dense_transformer.files import atomic_write
from dense_transformer.inference.files import file_name, tiff_options
from dense_transformer.teaching.fingerprint import fingerprint
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.types import Array, Image

_CLASSIC_TIFF_BYTES = 2**31


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return a name for an image that is safe as a file's, and not taken yet."""
    name, used = file_name(wanted), {other.casefold() for other in taken}
    number, free = 2, name
    while free.casefold() in used:
        free = f"{name}-{number}"
        number += 1
    return free


def describe_image(image: Image, name: str, path: Path, folder: Path) -> ImageEntry:
    """Return the entry of an image whose pixels lie at `path`.

    Parameters
    ----------
    image : Image
        The opened image.
    name : str
        Its name within the project.
    path : Path
        Its file or folder.
    folder : Path
        The project's.
    """
    path = path.resolve()
    return ImageEntry(
        name=name,
        path=_relative(path, folder.resolve()),
        absolute=str(path),
        sections=image.sections,
        size=image.size,
        channels=image.channels,
        pixel_nm=image.pixel_nm,
        fingerprint=fingerprint(path),
    )


def link_image(
    path: Path,
    name: str,
    folder: Path,
    pixel_nm: tuple[float, float] | None,
    dataset: str,
) -> ImageEntry:
    """Return the entry of an image file that stays where it is.

    Raises
    ------
    ImageError
        If it can't be read.
    """
    image = read_image(path, dataset=dataset or None, pixel_nm=pixel_nm)
    entry = describe_image(image, name, path, folder)
    return dataclasses.replace(entry, dataset=dataset)


def copy_image(image: Image, name: str, folder: Path) -> ImageEntry:
    """Copy an image that has no file into the project; return its entry.

    Raises
    ------
    ImageError, WriteError
        As `store_image` does.
    """
    file = f"images/{name}.tif"
    store_image(image, folder / file)
    entry = describe_image(image, name, folder / file, folder)
    return dataclasses.replace(entry, stored=True, path=file, absolute="")


def find_file(entry: ImageEntry, folder: Path) -> Path:
    """Return where an image lies now: as seen from the project, or where it was.

    Raises
    ------
    ProjectError
        If it is in neither place.
    """
    places = _places(entry, folder)
    for place in places:
        if place.exists():
            return place
    raise ProjectError(
        f"the image {entry.name!r} is no longer at {places[-1]}; bring it back, or say "
        f"where it is now: {_how_to(entry)}. Its annotations are safe"
    )


def is_there(entry: ImageEntry, folder: Path) -> bool:
    """Return whether an image lies where it was, seen from the project or not."""
    return any(place.exists() for place in _places(entry, folder))


def _places(entry: ImageEntry, folder: Path) -> list[Path]:
    """Return where an image may lie, the best first."""
    places = [folder / entry.path]
    if not entry.stored and entry.absolute:
        places.append(Path(entry.absolute))
    return places


def _how_to(entry: ImageEntry) -> str:
    return (
        f"`dtn teach PROJECT --locate {entry.name} --image FILE`, or Project > Where "
        "is it now… in napari"
    )


def open_entry(entry: ImageEntry, folder: Path, *, check: bool = True) -> Image:
    """Return the image of an entry, opened lazily.

    Parameters
    ----------
    entry : ImageEntry
        What the project knows of it.
    folder : Path
        The project's.
    check : bool
        Compare the file with what it was when it was added.

    Raises
    ------
    ProjectError
        If it isn't there, or isn't what it was.
    ImageError
        If it can't be read.
    """
    path = find_file(entry, folder)
    image = read_image(path, dataset=entry.dataset or None, pixel_nm=entry.pixel_nm)
    if (image.sections, *image.size) != entry.shape:
        raise ProjectError(
            f"{path} has {image.sections} sections of {image.size} px (h, w), and had "
            f"{entry.sections} of {entry.size} when it was annotated as {entry.name!r};"
            " bring the old file back"
        )
    if check and fingerprint(path) != entry.fingerprint:
        raise ProjectError(
            f"{path} has changed since it was annotated as {entry.name!r}; bring the "
            f"old file back, or say that the new one is meant: {_how_to(entry)}"
        )
    return Image(image.data, image.axes, entry.name, image.pixel_nm)


def store_image(image: Image, path: Path) -> None:
    """Write an image as a compressed TIFF, section by section, with its pixel size.

    Raises
    ------
    ImageError
        If its pixels can't be stored, such as complex numbers.
    WriteError
        If the disk is full or read-only.
    """
    dtype = np.dtype(image.data.dtype)
    if dtype.kind not in "buif":
        raise ImageError(
            f"{image.name} holds {dtype} values; give integers, floats or booleans"
        )
    size = image.sections * image.size[0] * image.size[1] * image.channels
    options = tiff_options(image.pixel_nm)
    options |= {"compression": "zlib", "predictor": dtype.kind != "f", "tile": None}
    options |= {"compressionargs": {"level": 3}, "rowsperstrip": 256}
    if image.channels == 3:
        options["photometric"] = "rgb"

    def write(file: BinaryIO) -> None:
        big = size * dtype.itemsize > _CLASSIC_TIFF_BYTES
        with tifffile.TiffWriter(file, bigtiff=big) as tiff:
            for section in range(image.sections):
                tiff.write(_stored(read_section(image, section)), **options)

    atomic_write(path, write)


def _stored(pixels: Array) -> Array:
    """Return pixels (h, w, c) as they are stored: booleans as bytes, gray flat."""
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    elif pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return str(path)
