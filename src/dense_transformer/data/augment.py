"""Random change of a patch's intensities, as other instruments would give them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from dense_transformer.config import AugmentConfig
    from dense_transformer.types import Array

OWN_SHARE = 0.25  # of a change of brightness or contrast, drawn for each channel
LARGEST = 2.0  # pixels are clipped to [-2, 2], as normalised images are


def vary_intensity(
    pixels: Array, augment: AugmentConfig, rng: np.random.Generator
) -> Array:
    """Return pixels (c, h, w), float32, blurred, re-scaled and with noise, in [-2, 2].

    In the order in which light, detector and electronics act: blur, gamma,
    contrast and brightness, noise. Channels share three quarters of a change of
    contrast or brightness and draw the rest each for itself.

    Parameters
    ----------
    pixels : ndarray, shape (c, h, w), float32
        Normalised to about [-1, 1]; not changed.
    """
    if rng.random() < augment.blur_share and augment.blur_px > 0:
        sigma = rng.uniform(0, augment.blur_px)
        pixels = ndimage.gaussian_filter(pixels, (0, sigma, sigma), mode="mirror")
    if augment.gamma > 0:
        pixels = apply_gamma(
            pixels, math.exp(rng.uniform(-augment.gamma, augment.gamma))
        )
    channels = pixels.shape[0]
    factor = 1 + _draw_change(augment.contrast, channels, rng)
    shift = _draw_change(augment.brightness, channels, rng)
    middle = pixels.mean((1, 2), keepdims=True)
    pixels = pixels * factor + (middle * (1 - factor) + shift)
    if augment.noise > 0:
        deviation = np.float32(rng.uniform(0, augment.noise))
        pixels += deviation * rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.clip(pixels, -LARGEST, LARGEST, out=pixels)


def apply_gamma(pixels: Array, gamma: float) -> Array:
    """Return pixels to the power `gamma` on the scale where -1 is 0 and 1 is 1.

    Values below -1 are mirrored (odd), so the order of values is kept.
    """
    level = (pixels + 1) / 2
    return np.asarray(np.copysign(np.abs(level) ** np.float32(gamma), level) * 2 - 1)


def _draw_change(largest: float, channels: int, rng: np.random.Generator) -> Array:
    """Return changes (c, 1, 1), even within +-largest for a single channel."""
    shared = rng.uniform(-largest, largest)
    if channels == 1:
        return np.full((1, 1, 1), shared, dtype=np.float32)
    own = rng.uniform(-largest, largest, (channels, 1, 1))
    return np.asarray((1 - OWN_SHARE) * shared + OWN_SHARE * own, dtype=np.float32)
