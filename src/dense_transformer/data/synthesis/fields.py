"""Smooth random fields: what makes drawn scenes look grown."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from dense_transformer.types import Array

_TILE = 256  # side of a repeating noise tile


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], scale_px: float
) -> Array:
    """Return noise of zero mean and unit variance with lumps of one size.

    Parameters
    ----------
    rng : Generator
        Source of randomness; one draw a grid point.
    size : tuple of int
        Height and width.
    scale_px : float
        Standard deviation of the Gaussian that smooths white noise; 0 gives
        white noise.

    Returns
    -------
    ndarray, shape (h, w), float32
        The variance is that of the process: a small picture of wide lumps may
        be all bright or all dark, as a window on a larger one would be.
    """
    # Wide lumps are drawn on a coarse grid: the same look at a fraction of the time.
    step = max(1, int(scale_px / 3))
    sigma = scale_px / step
    margin = int(np.ceil(3 * sigma)) + 2
    coarse = (size[0] // step + 2 * margin, size[1] // step + 2 * margin)
    field = rng.standard_normal(coarse, dtype=np.float32)
    if sigma > 0:
        field = ndimage.gaussian_filter(field, sigma, mode="wrap")
        pulse = np.zeros(2 * margin + 1)
        pulse[margin] = 1.0
        kernel = ndimage.gaussian_filter1d(pulse, sigma)
        field /= np.float32((kernel**2).sum())  # the variance that is left
    if step > 1:
        y = (np.arange(size[0], dtype=np.float32) / step + margin).clip(1)
        x = (np.arange(size[1], dtype=np.float32) / step + margin).clip(1)
        grid = np.meshgrid(y, x, indexing="ij")
        return np.asarray(ndimage.map_coordinates(field, grid, order=3, mode="nearest"))
    return np.asarray(field[margin : margin + size[0], margin : margin + size[1]])


def layered_noise(
    rng: np.random.Generator,
    size: tuple[int, int],
    scale_px: float,
    octaves: int = 4,
    fall: float = 0.5,
) -> Array:
    """Return noise with lumps of many sizes, each half as wide as the last.

    Parameters
    ----------
    rng, size, scale_px :
        As in `smooth_noise`; the scale is that of the widest lumps.
    octaves : int
        Number of sizes.
    fall : float
        Amplitude of a size over that of the one twice as wide.

    Returns
    -------
    ndarray, shape (h, w), float32
        Unit variance.
    """
    total = np.zeros(size, np.float32)
    power = 0.0
    for octave in range(octaves):
        gain = fall**octave
        total += np.float32(gain) * smooth_noise(rng, size, scale_px / 2**octave)
        power += gain**2
    return np.asarray(total / np.float32(np.sqrt(power)))


def smooth_step(value: Array, low: float, high: float) -> Array:
    """Return 0 below `low`, 1 above `high` and a smooth rise between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


class SurfaceNoise:
    """Noise on a surface that fades where a pixel covers many of its lumps."""

    def __init__(self, rng: np.random.Generator) -> None:
        white = rng.standard_normal((3, _TILE, _TILE), dtype=np.float32)
        smooth = [ndimage.gaussian_filter(one, 1.6, mode="wrap") for one in white]
        self._tiles = [one / one.std() for one in smooth]

    def sample(
        self, u_m: Array, v_m: Array, lump_m: tuple[float, float], blur_m: Array | float
    ) -> Array:
        """Return noise of unit variance at (u, v) metres on the surface.

        Parameters
        ----------
        u_m, v_m : ndarray
            Where, of one shape.
        lump_m : tuple of float
            Size of a lump along u and v.
        blur_m : ndarray or float
            Length of a pixel on the surface along v.
        """
        tile = self._tiles[int(lump_m[0] * 1000) % 3]
        v, u = v_m / lump_m[1] * 4 % _TILE, u_m / lump_m[0] * 4 % _TILE
        value = ndimage.map_coordinates(tile, [v, u], order=1, mode="grid-wrap")
        return np.asarray(value / np.sqrt(1 + (blur_m / lump_m[1]) ** 2))
