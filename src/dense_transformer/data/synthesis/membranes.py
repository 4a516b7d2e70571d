"""Membranes as the beam sees them, and the dark matter at synapses."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from dense_transformer.data.synthesis.fields import (
    layered_noise,
    smooth_noise,
    smooth_step,
)
from dense_transformer.data.synthesis.neurites import Cut
from dense_transformer.types import Array


def paint_membranes(value: Array, rng: np.random.Generator, cut: Cut) -> Array:
    """Darken membranes in `value` in place; return where the boundary is."""
    size = value.shape
    sheath = smooth_step(smooth_noise(rng, size, 28.0), 1.2, 2.6)  # thick, fuzzy
    width = 2.35 * (1 + 0.14 * smooth_noise(rng, size, 9.0)).clip(0.7, 1.5)
    width += 4.5 * sheath
    depth = 0.79 * (1 + 0.09 * smooth_noise(rng, size, 7.0)).clip(0.6, 1.15)
    # The beam sums over the thickness: a sloping membrane becomes a pale wide band.
    line = np.mean([np.exp(-((d / width) ** 4)) for d in cut.slices_px], axis=0)
    # Between cells that part there is glia: dark gray and grainy, not black.
    glia = smooth_step(ndimage.gaussian_filter(line, 4.0), 0.5, 0.85)
    depth -= 0.26 * np.maximum(sheath, glia)
    halo = np.exp(-((cut.distance_px / 5.5) ** 2)) * (0.06 + 0.16 * sheath)
    grain = (
        1 + 0.10 * smooth_noise(rng, size, 1.3) + 0.10 * layered_noise(rng, size, 4.0)
    )
    value *= 1 - np.clip(depth * line * grain, 0, 0.85)
    value -= halo * grain
    return np.asarray(cut.distance_px < 1.05 * width + 0.9)


def paint_densities(value: Array, rng: np.random.Generator, cut: Cut) -> None:
    """Darken `value` in place where synapses press dark matter on membranes."""
    size = value.shape
    near = np.argwhere((cut.distance_px > 1.0) & (cut.distance_px < 3.0))
    count = min(len(near), rng.poisson(3.5e-5 * value.size))
    if count == 0:
        return
    centre = near[rng.integers(0, len(near), count)]
    pixels = np.indices(size).reshape(2, -1).T
    away, which = cKDTree(centre).query(pixels, distance_upper_bound=26.0)
    reach = rng.uniform(4.0, 9.0, count)[np.minimum(which, count - 1)]
    rough = 1 + 0.3 * layered_noise(rng, size, 5.0)
    dark = np.exp(-((away / reach) ** 2)).reshape(size) * rough  # inf beyond reach: 0
    value -= (0.42 * dark * value).astype(np.float32)
