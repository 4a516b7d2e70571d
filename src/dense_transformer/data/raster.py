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


def _opened(path: Path) -> Any:
    """Return the opened, undecoded file; its claims are checked."""
    start = first_bytes(path, 33)
    png = start.startswith(PNG_START)
    try:
        # The plugins' classes: PIL.Image.open has a limit of its own, in pixels.
        opener = PngImagePlugin.PngImageFile if png else JpegImagePlugin.JpegImageFile
        file: Any = opener(path)
    except DAMAGE as error:
        raise damaged(str(path), error) from error
    try:
        pixels = file.height * file.width
        check_shape((file.height, file.width), str(path))
        bits = _png_bits(start) if png else 8 * len(file.getbands())
        check_claim(pixels * bits // 8, path.stat().st_size, str(path))
        check_memory(pixels * (8 if len(file.getbands()) > 1 else 4), str(path))
    except ImageError:
        file.close()
        raise
    return file


def _png_bits(start: bytes) -> int:
    """Return the bits of a pixel after the IHDR chunk; PNG 1.2, section 11.2.2."""
    depth, colour = start[24], start[25]
    return int(depth) * {2: 3, 4: 2, 6: 4}.get(colour, 1)


def _gray_or_rgb(path: Path) -> Array:
    with _opened(path) as file:
        try:
            if _has_deep_colour(path):
                # Pillow cuts 16-bit colour to 8 bits
                pixels = np.asarray(imagecodecs.png_decode(path.read_bytes()))
                return pixels[..., :3] if pixels.shape[2] > 2 else pixels[..., 0]
            if file.mode in ("1", "L", "I;16", "I;16B", "I", "F", "RGB"):
                return np.array(file)
            gray = file.mode in ("LA", "La")
            return np.array(file.convert("L" if gray else "RGB"))
        except DAMAGE as error:
            raise damaged(str(path), error) from error


def _has_deep_colour(path: Path) -> bool:
    """Return whether a file is a PNG of 16 bits with colour or alpha."""
    start = first_bytes(path, 26)
    return start.startswith(PNG_START) and start[24] == 16 and start[25] in (2, 4, 6)
