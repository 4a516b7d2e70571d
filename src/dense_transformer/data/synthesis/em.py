"""Synthetic serial-section electron micrographs of neural tissue, with labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

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
from dense_transformer.data.synthesis.scene import Scene

if TYPE_CHECKING:
    from dense_transformer.types import Array

EM_PIXEL_NM = (4.6, 4.6)

# Bends of the straight frame: amplitude px, scale px, turn per section.
_BENDS = ((26.0, 60.0, 0.12), (5.0, 16.0, 0.3), (1.3, 5.0, 0.7))


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
    """
    rng = np.random.default_rng([seed, 0])
    neurites = grow_neurites(rng, size)
    kind = rng.choice(3, neurites.count, p=[0.45, 0.33, 0.22])
    shade = np.clip(0.70 + 0.045 * rng.standard_normal(neurites.count), 0.5, 0.8)
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
        paint_discs(value, cut, scatter_discs(draw, neurites, kind, depth), free)
        boundary = _membranes(value, draw, cut)
        drawn.append(_photograph(draw, value, boundary))
    return Scene(np.stack([p for p, _ in drawn]), np.stack([m for _, m in drawn]))


def _bent(size: tuple[int, int], bends: list[list[Array]], depth: float) -> Array:
    """Return where each pixel lies in the straight frame, (h, w, 2)."""
    where = np.stack(np.indices(size, dtype=np.float32), -1)
    for (gain, _, turn), (y0, y1, x0, x1) in zip(_BENDS, bends, strict=True):
        cosine, sine = np.cos(turn * depth), np.sin(turn * depth)
        where[..., 0] += gain * (cosine * y0 + sine * y1)
        where[..., 1] += gain * (cosine * x0 + sine * x1)
    return where


def _cytoplasm(rng: np.random.Generator, cut: Cut, shade: Array, kind: Array) -> Array:
    """Return the brightness of what fills the neurites, (h, w)."""
    size = cut.owner.shape
    value = shade[cut.owner].astype(np.float32)
    crowd = np.clip(0.5 + 0.5 * smooth_noise(rng, size, 22.0), 0.05, 2.0)
    crowd *= np.array([0.55, 0.9, 1.1], np.float32)[kind[cut.owner]]
    specks = smooth_step(smooth_noise(rng, size, 1.5), 0.5, 2.3)
    clumps = layered_noise(rng, size, 7.0, 3, 0.8)
    value -= crowd * (0.30 * specks + 0.035 * clumps + 0.02)
    value -= 0.02 * smooth_noise(rng, size, 40.0)
    return value


def _membranes(value: Array, rng: np.random.Generator, cut: Cut) -> Array:
    """Darken membranes in `value` in place; return where the boundary is."""
    size = value.shape
    sheath = smooth_step(smooth_noise(rng, size, 28.0), 1.0, 2.4)  # thick, fuzzy
    width = 1.9 * (1 + 0.16 * smooth_noise(rng, size, 12.0)).clip(0.6, 1.6)
    width += 5.0 * sheath
    depth = 0.60 * (1 + 0.13 * smooth_noise(rng, size, 8.0)).clip(0.5, 1.3)
    # The beam sums over the thickness: a sloping membrane becomes a pale wide band.
    line = np.mean([np.exp(-((d / width) ** 2)) for d in cut.slices_px], axis=0)
    halo = np.exp(-((cut.distance_px / 6.5) ** 2)) * (0.10 + 0.15 * sheath)
    grain = 1 + 0.16 * smooth_noise(rng, size, 1.3)
    value *= 1 - np.clip(depth * line * 1.25 * grain, 0, 0.86)
    value -= halo * grain
    return np.asarray(cut.distance_px < 1.15 * width + 1.2)


def _photograph(
    rng: np.random.Generator, value: Array, boundary: Array
) -> tuple[Array, Array]:
    """Return the section as the camera takes it, uint8, and its labels."""
    size = value.shape
    labels = np.where(boundary, 2, 1).astype(np.uint8)
    value = value * (1 + 0.035 * smooth_noise(rng, size, 160.0))
    value = value + 0.015 * smooth_noise(rng, size, 90.0)
    value = ndimage.gaussian_filter(value, rng.uniform(0.65, 1.0))
    contrast, offset = rng.uniform(0.93, 1.07), rng.normal(0, 0.02)
    value = 0.5 + (value - 0.5) * contrast + offset
    value = value + 0.052 * smooth_noise(rng, size, 0.62)
    return np.round(np.clip(value, 0, 1) * 255).astype(np.uint8), labels
