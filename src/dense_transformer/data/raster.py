"""PNG and JPEG files; decoded whole, after their claims have been checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import JpegImagePlugin, PngImagePlugin

from dense_transformer.data.claims import (
    DAMAGE,
    check_claim,
    check_memory,
    check_shape,
    damaged,
    first_bytes,
    read_only,
)
from dense_transformer.errors import ImageError
from dense_transformer.types import Array, Image

PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"


def open_raster(path: Path) -> Image:
    """Return a PNG or JPEG file as a gray or RGB image; alpha is left out.

    Raises
    ------
    ImageError
        If the file is truncated, damaged, or claims more pixels than its size
        or the memory allow.
    """
    pixels = read_only(_gray_or_rgb(path))
    return Image(pixels, "yx" if pixels.ndim == 2 else "yxc", path.stem)


def read_indices(path: Path) -> Array:
    """Return a PNG file as stored: a palette's indices, not its colours.

    Returns
    -------
    ndarray, shape (h, w) or (h, w, c)
        Of the type that the file holds; bool where it has one bit.
    """
    with _opened(path) as file:
        try:
            return np.array(file)
        except DAMAGE as error:
            raise damaged(str(path), error) from error


def raster_header(path: Path) -> tuple[int, int]:
    """Return height and width as the header claims, after checking the claim."""
    with _opened(path) as file:
        return file.height, file.width


def _opened(path: Path) -> Any:
    """Return the opened, undecoded file; its claims are checked."""
    start = first_bytes(path, 16)
    png = start.startswith(PNG_START)
    try:
        # The plugins' classes: PIL.Image.open has a limit of its own, in pixels.
        opener = PngImagePlugin.PngImageFile if png else JpegImagePlugin.JpegImageFile
        file: Any = opener(path)
    except DAMAGE as error:
        raise damaged(str(path), error) from error
    try:
        check_shape((file.height, file.width), str(path))
        decoded = file.height * file.width * (1 if file.mode in ("1", "L", "P") else 4)
        check_claim(decoded, path.stat().st_size, str(path))
        check_memory(2 * decoded, str(path))
    except ImageError:
        file.close()
        raise
    return file


def _gray_or_rgb(path: Path) -> Array:
    with _opened(path) as file:
        try:
            if file.mode in ("RGB", "RGBA") and first_bytes(path, 25)[24:25] == b"\x10":
                # Pillow cuts 16-bit colour to 8 bits
                return np.asarray(imagecodecs.png_decode(path.read_bytes()))[..., :3]
            if file.mode in ("1", "L", "I;16", "I;16B", "I", "F", "RGB"):
                return np.array(file)
            gray = file.mode in ("LA", "La")
            return np.array(file.convert("L" if gray else "RGB"))
        except DAMAGE as error:
            raise damaged(str(path), error) from error
