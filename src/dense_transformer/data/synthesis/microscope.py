"""What cutting, staining and the camera do to a section."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from dense_transformer.data.synthesis.fields import smooth_noise, smooth_step
from dense_transformer.types import Array


def _accidents(
    value: Array, rng: np.random.Generator, often: float
) -> tuple[Array, Array]:
    """Return `value` with a fold and dirt, by chance, and where they hide it."""
    size = value.shape
    hidden = np.zeros(size, bool)
    if rng.random() < often:  # a fold: a dark strip that bends
        angle, at = rng.uniform(0, np.pi), rng.uniform(0.25, 0.75)
        y, x = np.indices(size, dtype=np.float32)
        along = (y / size[0] - at) * np.sin(angle) + (x / size[1] - at) * np.cos(angle)
        across = along * min(size) + 9.0 * smooth_noise(rng, size, 45.0)
        strip = np.exp(-((across / rng.uniform(4.0, 8.0)) ** 4))
        value = value * (1 - 0.72 * strip)
        hidden |= strip > 0.4
    if rng.random() < 2 * often:  # specks of stain
        blot = smooth_noise(rng, size, 6.0) + 0.5 * smooth_noise(rng, size, 2.0)
        blot = smooth_step(blot, 4.0, 4.4)
        value = value * (1 - 0.85 * blot)
        hidden |= blot > 0.4
    return value, hidden


def photograph(
    rng: np.random.Generator, value: Array, boundary: Array
) -> tuple[Array, Array]:
    """Return the section as the camera takes it, uint8, and its labels."""
    size = value.shape
    labels = np.where(boundary, 2, 1).astype(np.uint8)
    value, hidden = _accidents(value, rng, 0.15)
    labels[ndimage.binary_dilation(hidden, iterations=2)] = 0
    value = value * (1 + 0.035 * smooth_noise(rng, size, 160.0))
    value = value + 0.015 * smooth_noise(rng, size, 90.0)
    sharp = ndimage.gaussian_filter(value, rng.uniform(0.6, 0.85))
    soft = smooth_step(smooth_noise(rng, size, 70.0), 1.3, 3.0)  # out of focus there
    value = sharp + soft * (ndimage.gaussian_filter(value, 1.9) - sharp)
    contrast, offset = rng.uniform(0.93, 1.07), rng.normal(0, 0.02)
    value = 0.5 + (value - 0.5) * contrast + offset
    value = value + 0.042 * smooth_noise(rng, size, 0.7)
    return np.round(np.clip(value, 0, 1) * 255).astype(np.uint8), labels
