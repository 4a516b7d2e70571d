"""Intensities of any image brought to about [-1, 1], by robust percentiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.data.images import read_section
from dense_transformer.types import Array, Image

#: How it is written on a model's card.
NORMALISATION = "percentiles 1 and 99 of the image to -1 and 1, clipped at 2"

LOW_PERCENT, HIGH_PERCENT = 1.0, 99.0
CLIP = 2.0
_BLOCKS, _BLOCK_PX = 16, 64  # along each side, of images larger than both


@dataclass(frozen=True, slots=True)
class Intensity:
    """What is dark and what is bright in one image; one for all of its tiles.

    Attributes
    ----------
    low, high : float
        Pixel values that become -1 and 1; the same for all channels, so that
        colours keep their ratio. Equal for a constant image.
    """

    low: float
    high: float

    def apply(self, pixels: Array) -> Array:
        """Return pixels normalised: about [-1, 1], clipped to [-2, 2], finite.

        Parameters
        ----------
        pixels : ndarray, shape (h, w, c) or (h, w)
            Any real dtype and byte order.

        Returns
        -------
        ndarray, shape (c, h, w), float32
            0 everywhere for a constant image and where a pixel is NaN; an
            infinite pixel becomes 2 or -2.
        """
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        out = np.empty((pixels.shape[2], *pixels.shape[:2]), np.float32)
        middle = self.low / 2 + self.high / 2  # halves: the sum may overflow
        half = self.high / 2 - self.low / 2
        if not half > 0:
            out.fill(0)
            return out
        # float64 where float32 can't hold the pixels; 65535 never meets float16
        small = pixels.dtype.kind in "bui" and pixels.dtype.itemsize <= 2
        work = np.float32 if small else np.float64
        with np.errstate(over="ignore", invalid="ignore"):
            for channel in range(out.shape[0]):
                values = pixels[..., channel].astype(work)
                np.subtract(values, work(middle), out=values)
                np.divide(values, work(half), out=values)
                np.clip(values, -CLIP, CLIP, out=values)
                np.nan_to_num(values, copy=False, nan=0.0)
                out[channel] = values
        return out


def measure_intensity(image: Image, section: int = 0) -> Intensity:
    """Return the robust range of one section: its percentiles 1 and 99.

    Measured over the finite pixels of all channels; over everything up to
    1024 px a side, beyond it over 16 evenly spaced pieces of 64 px along that
    side, so that a lazy image is read in part. Where both percentiles agree
    (a few bright pixels on black) the least and largest value are taken.

    Parameters
    ----------
    image : Image
        Any; is not changed.
    section : int
        Which section of a stack.
    """
    height, width = image.size
    pieces = [
        read_section(image, section, (top, left, bottom, right)).ravel()
        for top, bottom in _pieces(height)
        for left, right in _pieces(width)
    ]
    values = np.concatenate(pieces)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    else:
        values = values.astype(np.float64) if values.dtype.kind == "b" else values
    if not values.size:
        return Intensity(0.0, 0.0)
    low, high = _order_statistics(values)
    if low == high:
        low, high = float(values.min()), float(values.max())
    return Intensity(low, high)


def _order_statistics(values: Array) -> tuple[float, float]:
    """Return both percentiles without interpolation, which may overflow."""
    last = values.size - 1
    at = [round(last * p / 100) for p in (LOW_PERCENT, HIGH_PERCENT)]
    found = np.partition(values, at)[at]
    return float(found[0]), float(found[1])


def _pieces(length: int) -> list[tuple[int, int]]:
    if length <= _BLOCKS * _BLOCK_PX:
        return [(0, length)]
    starts = np.linspace(0, length - _BLOCK_PX, _BLOCKS).round().astype(int)
    return [(int(s), int(s) + _BLOCK_PX) for s in starts]
