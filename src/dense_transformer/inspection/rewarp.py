"""A transformer's warp for other parameters, without the network."""

from __future__ import annotations

import numpy as np
import torch

from dense_transformer.errors import DataError
from dense_transformer.geometry import cover, lattice_points, shift_grid, shift_points
from dense_transformer.inference.edits import edited_parameters
from dense_transformer.inference.engine import LevelTile, limit_threads
from dense_transformer.inference.warps import tile_warp
from dense_transformer.inspection.numbers import lattice_shape
from dense_transformer.types import Array, Box, Warp, WarpEdit

Size = tuple[int, int]


def rewarp(warp: Warp, edit: WarpEdit) -> Warp:
    """Return what a transformer does with edited parameters.

    The same as the network does, in about a millisecond: mesh, fiducials and
    coverage can follow the mouse before the prediction does. Deeper transformers may
    answer with other parameters; that takes the network (`Inspector.look`).

    Parameters
    ----------
    warp : Warp
        As learned, with its points.
    edit : WarpEdit
        Of its level; its `tile_px` doesn't matter.

    Raises
    ------
    DataError
        If the edit is of another level, or the warp lacks parameters or points.
    """
    require_parameters(warp)
    if edit.level != warp.level or 0 in (*warp.points.shape, *warp.coverage.shape):
        raise DataError(
            f"an edit of level {edit.level} for a warp of level {warp.level} with "
            f"points {warp.points.shape}; give both of one level, points kept"
        )
    theta = edited_parameters(warp.theta, edit, warp.family)
    out = int(warp.points.shape[0]), int(warp.points.shape[1])
    with limit_threads(1):  # so little work is slower if threads wait for each other
        return make_warp(
            warp.level,
            warp.family,
            lattice_shape(warp.lattice),
            theta,
            input_size(warp),
            out,
            warp.tile_px,
            warp.image_scale,
        )


def make_warp(
    level: int,
    family: str,
    lattice: Size,
    theta: Array,
    size: Size,
    warped: Size,
    tile_px: Box,
    image_scale: tuple[float, float] = (1.0, 1.0),
) -> Warp:
    """Return the warp that parameters make, bit for bit that of the network on a CPU.

    Parameters
    ----------
    level, family
        Of the transformer.
    lattice : (int, int)
        Rows and columns of fiducials.
    theta : ndarray, shape (n,)
        Offsets from the identity.
    size, warped : (int, int)
        Height and width of the input map and of the warped map.
    tile_px : Box
        The tile, in pixels of the image that the network saw.
    image_scale : (float, float)
        Source pixels per network pixel, (y, x).
    """
    theta = np.array(theta, dtype=np.float32)
    half = (np.array(size, dtype=np.float32) - 1.0) / 2.0
    rest = lattice_points(*lattice).float().numpy()
    row = torch.from_numpy(theta)[None]
    shift = shift_grid(family, row, lattice, warped)[0].numpy()  # type: ignore[arg-type]
    steps = [
        np.float32((n - 1) / (m - 1) if m > 1 else 0.0)
        for n, m in zip(size, warped, strict=True)
    ]
    axes = [
        np.arange(m, dtype=np.float32) * step
        for m, step in zip(warped, steps, strict=True)
    ]
    points_px = np.stack(np.meshgrid(*axes, indexing="ij"), -1) + shift * half
    tile = LevelTile(
        level=level,
        family=family,
        lattice_px=(rest + 1.0) * half,
        fiducials_px=(rest + shift_fiducials(family, theta, rest) + 1.0) * half,
        points_px=points_px,
        coverage=cover(torch.from_numpy(points_px)[None], size)[0].numpy(),
        theta=theta,
    )
    return tile_warp(tile, tile_px, image_scale)


def shift_fiducials(family: str, theta: Array, rest: Array) -> Array:
    """Return how far parameters (n,) move the lattice (k, 2), unit frame."""
    if family == "tps":
        return np.asarray(theta).reshape(-1, 2)
    # Copies: torch warns about arrays that can't be written to.
    row, points = torch.from_numpy(theta[None].copy()), torch.from_numpy(rest.copy())
    moved = shift_points(family, row, points)  # type: ignore[arg-type]
    return np.asarray(moved[0].numpy())


def input_size(warp: Warp) -> Size:
    """Return height and width of a transformer's input map."""
    return int(warp.coverage.shape[0]), int(warp.coverage.shape[1])


def require_parameters(warp: Warp) -> None:
    """Raise DataError where a warp came without its parameters."""
    if not warp.theta.size:
        raise DataError(
            f"the warp of level {warp.level} has no parameters (theta); take one of a "
            "prediction of this version"
        )
