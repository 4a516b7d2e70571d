"""Image pixels as they are shown: 8 bit, gray or RGB, not larger than paper needs."""

from __future__ import annotations

import numpy as np

from dense_transformer.data import Intensity, measure_intensity, read_section
from dense_transformer.types import Array, Box, Image

LARGEST_PX = 1000  # of an image's longer side in a figure
_ROWS = 256


def shown_pixels(
    image: Image, section: int = 0, box: Box | None = None, largest: int = LARGEST_PX
) -> Array:
    """Return a section, or a box of it, to be shown.

    Every n-th pixel of a large image, so that neither side is longer than
    `largest`; read in strips. From the 1st to the 99th percentile of the section
    values go from black to white; 8-bit RGB stays as it is.

    Returns
    -------
    ndarray, shape (h, w) or (h, w, 3), uint8
    """
    top, left, bottom, right = box or (0, 0, *image.size)
    step = max(1, -(-max(bottom - top, right - left) // largest))
    intensity = measure_intensity(image, section)
    strips = []
    rows = _ROWS * step
    for start in range(top, bottom, rows):
        strip = (start, left, min(start + rows, bottom), right)
        pixels = read_section(image, section, strip)[::step, ::step]
        strips.append(_shade(pixels, intensity))
    return np.concatenate(strips)


def _shade(pixels: Array, intensity: Intensity) -> Array:
    """Return pixels (h, w, c) as uint8, gray or RGB."""
    if pixels.dtype == np.uint8 and pixels.shape[-1] >= 3:
        return np.ascontiguousarray(pixels[..., :3])
    values = np.moveaxis(intensity.apply(pixels), 0, -1)  # 1st and 99th at -1, 1
    shades = np.nan_to_num((values + 1.0) * 127.5).clip(0, 255)
    shades = np.rint(shades).astype(np.uint8)
    return np.asarray(shades[..., :3] if shades.shape[-1] >= 3 else shades[..., 0])
