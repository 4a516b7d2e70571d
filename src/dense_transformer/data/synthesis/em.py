"""Synthetic serial-section electron micrographs of neural tissue, with labels."""

from __future__ import annotations

import numpy as np

from dense_transformer.data.synthesis.fields import (
    layered_noise,
    smooth_noise,
    smooth_step,
)
from dense_transformer.data.synthesis.membranes import (
    paint_densities,
    paint_membranes,
)
from dense_transformer.data.synthesis.microscope import photograph
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
        boundary = paint_membranes(value, draw, cut)
        paint_densities(value, draw, cut)
        drawn.append(photograph(draw, value, boundary))
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
