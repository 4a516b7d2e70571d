"""Synthetic serial-section electron micrographs of neural tissue, with labels."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from dense_transformer.data.synthesis.fields import (
    layered_noise,
    smooth_noise,
    smooth_step,
)
from dense_transformer.data.synthesis.neurites import (
    Cut,
    cut_neurites,
    grow_neurites,
)
from dense_transformer.data.synthesis.organelles import (
    paint_discs,
    paint_mitochondria,
    place_mitochondria,
    scatter_discs,
)
from dense_transformer.data.synthesis.scene import Scene, check_size
from dense_transformer.errors import DataError
from dense_transformer.types import Array

EM_PIXEL_NM = (4.6, 4.6)

# Bends of the straight frame: amplitude px, scale px, turn per section.
_BENDS = ((30.0, 58.0, 0.12), (8.0, 17.0, 0.25), (1.4, 5.0, 0.6))


def em_stack(
    seed: int = 0, sections: int = 3, size: tuple[int, int] = (512, 512)
) -> Scene:
    """Return a stack of sections through neurites, about 4.6 nm a pixel.

    Parameters
    ----------
    seed : int
        The same seed gives the same scene.
    sections : int
        Number of sections; neurites continue from one to the next.
    size : tuple of int
        Height and width in pixels.

    Returns
    -------
    Scene
        Labels: 0 under folds and dirt, 1 inside a neurite, 2 boundary.

    Raises
    ------
    DataError
        If there is no section, or the size isn't 32 to 4096 px.
    """
    check_size(size)
    if sections < 1:
        raise DataError(f"{sections} sections: draw at least 1")
    rng = np.random.default_rng([seed, 0])
    neurites = grow_neurites(rng, size)
    kind = rng.choice(3, neurites.count, p=[0.45, 0.33, 0.22])
    shade = np.clip(0.715 + 0.03 * rng.standard_normal(neurites.count), 0.5, 0.8)
    shade[rng.random(neurites.count) < 0.05] -= 0.17  # dark processes
    mitochondria = place_mitochondria(rng, neurites)
    bends = [
        [smooth_noise(rng, size, scale) for _ in range(4)] for _, scale, _ in _BENDS
    ]
    drawn = []
    for index in range(sections):
        depth = index - (sections - 1) / 2
        draw = np.random.default_rng([seed, 1, index])
        cut = cut_neurites(neurites, _bent(size, bends, depth), depth)
        value = _cytoplasm(draw, cut, shade, kind)
        cover = paint_mitochondria(value, draw, cut, neurites, mitochondria, depth)
        free = smooth_step(cut.distance_px, 3.0, 6.0) * (1 - cover)
        paint_discs(value, draw, scatter_discs(draw, kind[cut.owner]), free)
        boundary = _membranes(value, draw, cut)
        _densities(value, draw, cut)
        drawn.append(_photograph(draw, value, boundary))
    return Scene(np.stack([p for p, _ in drawn]), np.stack([m for _, m in drawn]))


def _bent(size: tuple[int, int], bends: list[list[Array]], depth: float) -> Array:
    """Return where each pixel lies in the straight frame, (h, w, 2)."""
    where = np.moveaxis(np.indices(size, dtype=np.float32), 0, -1).copy()
    for (gain, _, turn), (y0, y1, x0, x1) in zip(_BENDS, bends, strict=True):
        cosine, sine = np.cos(turn * depth), np.sin(turn * depth)
        where[..., 0] += gain * (cosine * y0 + sine * y1)
        where[..., 1] += gain * (cosine * x0 + sine * x1)
    return np.asarray(where)


def _cytoplasm(rng: np.random.Generator, cut: Cut, shade: Array, kind: Array) -> Array:
    """Return the brightness of what fills the neurites, (h, w)."""
    size = cut.owner.shape
    value = shade[cut.owner].astype(np.float32)
    crowd = np.clip(0.85 + 0.45 * smooth_noise(rng, size, 14.0), 0.35, 2.0)
    crowd *= np.array([0.95, 1.2, 1.3], np.float32)[kind[cut.owner]]
    specks = smooth_step(smooth_noise(rng, size, 1.25), 0.35, 2.2)
    threads = np.exp(-((smooth_noise(rng, size, 2.8) / 0.2) ** 2))
    threads *= smooth_step(smooth_noise(rng, size, 3.0), -0.4, 1.2)
    clumps = np.maximum(layered_noise(rng, size, 6.0, 3, 0.8), -0.5)
    value -= crowd * (0.36 * specks + 0.18 * threads + 0.06 * clumps)
    value -= 0.022 * smooth_noise(rng, size, 35.0) - 0.03
    return value


def _membranes(value: Array, rng: np.random.Generator, cut: Cut) -> Array:
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


def _densities(value: Array, rng: np.random.Generator, cut: Cut) -> None:
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


def _photograph(
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
