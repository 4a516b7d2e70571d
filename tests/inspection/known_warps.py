"""Warps made by hand, whose answers can be worked out on paper.

Written without the code under test: a map of n units over a tile of t pixels has
units of t / n pixels, edge to edge, and a `Warp` is in the unit frame of the tile.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from dense_transformer.types import Warp

TILE = (0, 0, 64, 96)


def grid(size: tuple[int, int]) -> np.ndarray:
    """Return indices of units, (h, w, 2)."""
    return np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1).astype(float)


def make_warp(
    read: Callable[[np.ndarray], np.ndarray],
    level: int = 3,
    tile_px: tuple[int, int, int, int] = TILE,
    scale: tuple[float, float] = (1.0, 1.0),
    *,
    size: tuple[int, int] | None = None,
    out: tuple[int, int] | None = None,
    family: str = "affine",
    lattice: tuple[int, int] = (2, 2),
) -> Warp:
    """Return a warp that reads `read(rest)`, both in units of the input map.

    `size` and `out` are those of the input map and the warped map; at rest the
    outermost units of both lie on each other.
    """
    tile = np.array([tile_px[2] - tile_px[0], tile_px[3] - tile_px[1]], float)
    size = size or tuple(int(n) // 2 ** (level - 1) for n in tile)
    out = out or size
    pairs = list(zip(size, out, strict=True))
    step = [(n - 1) / (m - 1) if min(n, m) > 1 else n / m for n, m in pairs]
    ends = np.array(size) - 1.0
    resting = grid(lattice).reshape(-1, 2) / (np.array(lattice) - 1) * ends
    points = read(grid(out) * step)

    def unit(units: np.ndarray) -> np.ndarray:
        tile_px = (units + 0.5) * tile / size - 0.5
        return (2 * tile_px / (tile - 1) - 1).astype(np.float64)

    return Warp(
        level, family, unit(resting), unit(read(resting)), unit(points),
        coverage_of(points, size), tile_px, scale,
    )  # fmt: skip


def shift(y: float, x: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return the translation by so many units."""
    return lambda units: units + np.array([y, x])


def affine(matrix: list[list[float]], about: tuple[float, float], by=(0.0, 0.0)):
    """Return units -> about + matrix (units - about) + by."""
    return lambda units: (units - about) @ np.array(matrix).T + about + np.array(by)


def coverage_of(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return S by its definition: a sum of hat functions, as a sparse matrix."""
    y, x = points.reshape(-1, 2).T
    total = np.zeros(size)
    for dy in (0, 1):
        for dx in (0, 1):
            i, j = np.floor(y).astype(int) + dy, np.floor(x).astype(int) + dx
            weight = (1 - abs(y - i)) * (1 - abs(x - j))
            ok = (i >= 0) & (i < size[0]) & (j >= 0) & (j < size[1])
            total += sparse.coo_array((weight[ok], (i[ok], j[ok])), shape=size)
    return np.asarray(total)


def image_px(units, size, tile_px=TILE, scale=(1.0, 1.0)) -> np.ndarray:
    """Return units of a map over a tile in source px, by hand."""
    tile = np.array([tile_px[2] - tile_px[0], tile_px[3] - tile_px[1]], float)
    edge = (np.asarray(units) + 0.5) * tile / size  # network px from the tile's edge
    return (edge + tile_px[:2]) * scale - 0.5
