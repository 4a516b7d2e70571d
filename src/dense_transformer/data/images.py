"""Any image file as an `Image`, told by its content; and a piece of its pixels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from dense_transformer.data.claims import first_bytes
from dense_transformer.data.folders import open_folder
from dense_transformer.data.hdf5 import open_hdf5
from dense_transformer.data.raster import JPEG_START, PNG_START, open_raster
from dense_transformer.data.tiff import open_tiff
from dense_transformer.errors import ImageError
from dense_transformer.types import Array, Box, Image

_HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf")  # theirs may start after a user block
_HDF5_START = b"\x89HDF\r\n\x1a\n"


def read_image(
    path: str | os.PathLike[str],
    *,
    dataset: str | None = None,
    pixel_nm: tuple[float, float] | None = None,
) -> Image:
    """Return the image or stack that a file or a folder of slices holds.

    TIFF, HDF5 and folders are read lazily: pixels come from the disk when a
    section is read. What a file is is told by its first bytes, not its name.

    Parameters
    ----------
    path : path
        A TIFF, PNG, JPEG or HDF5 file, or a folder with one file per section.
    dataset : str, optional
        Name of the dataset in an HDF5 file; not needed if it holds one image.
    pixel_nm : tuple of float, optional
        Pixel size (y, x) in nm; what the file says if not given.

    Raises
    ------
    ImageError
        If there is no such file, or it is empty, truncated, damaged, forged or
        of a kind that isn't read.
    """
    path = Path(path)
    image = _open(path, dataset)
    if pixel_nm is None:
        return image
    if not all(np.isfinite(pixel_nm)) or min(pixel_nm) <= 0:
        raise ImageError(f"pixel_nm {pixel_nm}: give nanometres (y, x) above 0")
    return Image(image.data, image.axes, image.name, pixel_nm)


def read_section(image: Image, section: int = 0, box: Box | None = None) -> Array:
    """Return the pixels of one section, or of a box of it.

    Parameters
    ----------
    image : Image
        Any; only the section is read, only the box where its file allows it.
    section : int
        0-based.
    box : tuple of int, optional
        Top, left, bottom, right in px, half open; inside the image.

    Returns
    -------
    ndarray, shape (h, w, c)
        As stored: native dtype, NaN and infinity untouched.

    Raises
    ------
    ImageError
        If there is no such section, or the box isn't inside the image.
    """
    if not 0 <= section < image.sections:
        raise ImageError(
            f"{image.name} has no section {section}; use 0 to {image.sections - 1}"
        )
    height, width = image.size
    top, left, bottom, right = box or (0, 0, height, width)
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ImageError(
            f"box {box} (top, left, bottom, right) isn't inside {image.name}, "
            f"{height} x {width} px"
        )
    key: tuple[int | slice, ...] = (slice(top, bottom), slice(left, right))
    pixels = np.asarray(image.data[(section, *key) if image.axes[0] == "z" else key])
    return pixels if image.axes.endswith("c") else pixels[..., None]


def _open(path: Path, dataset: str | None) -> Image:
    if path.is_dir():
        return open_folder(path, read_image)
    start = first_bytes(path, 16)
    if start.startswith(_HDF5_START) or path.suffix.lower() in _HDF5_SUFFIXES:
        return open_hdf5(path, dataset)
    if dataset is not None:
        raise ImageError(f"{path} is no HDF5 file; it has no dataset {dataset!r}")
    if start[:2] in (b"II", b"MM"):
        return open_tiff(path)
    if start.startswith((PNG_START, JPEG_START)):
        return open_raster(path)
    raise ImageError(
        f"{path} is no image that is read here (it starts with {start[:8]!r}); "
        "use TIFF, PNG, JPEG, HDF5 or a folder of slices"
    )
