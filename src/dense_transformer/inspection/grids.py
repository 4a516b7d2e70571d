"""A warp as lines and arrows in the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.inspection.chains import Chain
from dense_transformer.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Arrows:
    """Where places of the warped map lie at rest, and where they read.

    Attributes
    ----------
    start_px : ndarray, shape (n, 2)
        (y, x) at rest, source px.
    shift_px : ndarray, shape (n, 2)
        From there to where the image is read, source px.
    length_px : ndarray, shape (n,)
        Length of the shift, source px.
    """

    start_px: Array
    shift_px: Array
    length_px: Array


def grid_lines(chain: Chain, level: int | None = None, spacing: float = 32.0) -> Array:
    """Return the warped grid: where straight lines of the warped map read the image.

    Parameters
    ----------
    chain : Chain
        The warps of one tile.
    level : int or None
        Transformer to draw, composed with all shallower ones; None: the deepest.
    spacing : float
        Distance of the lines at rest, about; source px. Lines run along both ends
        and as evenly as possible between.

    Returns
    -------
    ndarray, shape (n, 2, 2)
        Straight pieces: start and end, (y, x), source px; line by line.
    """
    mesh, frame = chain.mesh(level), chain.warped_frame(level)
    pieces = []
    for axis in (0, 1):
        size = mesh.out_size[axis]
        count = max(1, round(size * frame.pitch_px[axis] / spacing)) + 1
        across = np.linspace(-0.5, size - 0.5, count)
        length = mesh.out_size[1 - axis]
        along = np.concatenate([[-0.5], np.arange(length), [length - 0.5]])
        points = np.empty((count, length + 2, 2))
        points[..., axis], points[..., 1 - axis] = across[:, None], along
        px = chain.units_to_image_px(points, level)
        pieces.append(np.stack([px[:, :-1], px[:, 1:]], 2).reshape(-1, 2, 2))
    return np.concatenate(pieces)


def displacement(
    chain: Chain, level: int | None = None, count: int | tuple[int, int] = 16
) -> Arrows:
    """Return the displacement at regular places of a level's warped map.

    Parameters
    ----------
    chain : Chain
        The warps of one tile.
    level : int or None
        Transformer to draw, composed with all shallower ones; None: the deepest.
    count : int or (int, int)
        Arrows along y and x, in the middles of as many equal parts.
    """
    counts = (count, count) if isinstance(count, int) else count
    mesh, frame = chain.mesh(level), chain.warped_frame(level)
    axes = [
        (np.arange(n) + 0.5) * size / n - 0.5
        for n, size in zip(counts, mesh.out_size, strict=True)
    ]
    units = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    return _arrows(
        units * frame.pitch_px + frame.origin_px, chain.units_to_image_px(units, level)
    )


def fiducial_arrows(chain: Chain, level: int | None = None) -> Arrows:
    """Return a transformer's fiducials as arrows from the lattice, both in the image.

    Parameters
    ----------
    chain : Chain
        The warps of one tile.
    level : int or None
        Transformer to draw, composed with all shallower ones; None: the deepest.
        The start is the lattice at rest, not moved by shallower ones.
    """
    warp = chain.warp(level)
    start = warp.to_image_px(warp.lattice.astype(np.float64))
    return _arrows(start, chain.fiducials_px(level))


def _arrows(start: Array, end: Array) -> Arrows:
    shift = end - start
    arrays = start, shift, np.linalg.norm(shift, axis=-1)
    for array in arrays:
        array.setflags(write=False)
    return Arrows(*arrays)
