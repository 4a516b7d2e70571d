"""A folder with one image file for each section, read section by section."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dense_transformer.data.entries import images_in
from dense_transformer.data.sections import SectionArray, Span
from dense_transformer.errors import DataError, ImageError
from dense_transformer.types import Array, Image


def open_folder(path: Path, open_file: Callable[[Path], Image]) -> Image:
    """Return a folder's image files as one stack, in the order of their numbers.

    Only the first and the last are opened now; another that differs from them
    is reported when it is read.

    Parameters
    ----------
    path : Path
        Folder; other files and folders in it are left aside.
    open_file : callable
        Opens one file.

    Raises
    ------
    ImageError
        If it holds no image, or the first and last differ.
    """
    try:
        files = list(images_in(path).values())
    except DataError as error:
        raise ImageError(str(error)) from error
    slices = _Slices(files, open_file)
    first = slices.first
    if len(files) > 1:
        slices.open(len(files) - 1)
    axes = "z" + first.axes
    shape = (len(files), *map(int, first.data.shape))
    dtype = np.dtype(first.data.dtype)
    data = SectionArray(shape, dtype, axes, slices.read_box, str(path))
    return Image(data, axes, path.name, first.pixel_nm)


class _Slices:
    """The files of a stack; keeps the one read last, as tiles come in turn."""

    def __init__(self, files: list[Path], open_file: Callable[[Path], Image]) -> None:
        self._files = files
        self._open_file = open_file
        self._lock = threading.Lock()
        self.first = open_file(files[0])
        self._last = (0, self.first)
        if self.first.sections > 1 or self.first.axes.startswith("z"):
            raise ImageError(
                f"{files[0]} is a stack itself; a folder of slices has one section "
                "in each file. Open the file"
            )

    def open(self, section: int) -> Image:
        """Return the image of one section, checked to be like the first."""
        with self._lock:
            number, image = self._last
        if number == section:
            return image
        image = self._open_file(self._files[section])
        for what in ("axes", "size", "channels"):
            found, wanted = getattr(image, what), getattr(self.first, what)
            if found != wanted:
                raise ImageError(
                    f"{self._files[section]} has {what} {found}, {self._files[0].name} "
                    f"has {wanted}; slices of a stack have to be alike"
                )
        if image.data.dtype != self.first.data.dtype:
            raise ImageError(
                f"{self._files[section]} holds {image.data.dtype}, "
                f"{self._files[0].name} {self.first.data.dtype}; save them alike"
            )
        with self._lock:
            self._last = (section, image)
        return image

    def read_box(self, section: int, rows: Span, columns: Span) -> Array:
        """Return pixels (rows, columns, channels) of one section."""
        image = self.open(section)
        box = np.asarray(image.data[slice(*rows), slice(*columns)])
        return box if image.axes.endswith("c") else box[..., None]
