"""The image as a transformer hands it down: read along its warp, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from dense_transformer.errors import DataError
from dense_transformer.geometry import evaluate_basis, gather
from dense_transformer.inference.edits import edited_parameters
from dense_transformer.inference.engine import limit_threads
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.numbers import lattice_shape
from dense_transformer.inspection.rewarp import (
    input_size,
    require_parameters,
    shift_fiducials,
)
from dense_transformer.types import Array, Warp, WarpEdit

Size = tuple[int, int]


def warped_image(
    warps: Chain | Warp | Sequence[Warp],
    pixels: Array,
    *,
    level: int | None = None,
    strength: float = 1.0,
) -> Array:
    """Return a tile as what lies below a transformer sees it.

    Parameters
    ----------
    warps : Chain, Warp or sequence of Warp
        Of one tile; a warp alone stands for a network with no other.
    pixels : ndarray, shape (h, w) or (h, w, c)
        The tile, edge to edge, in any resolution and real type (`Inspector.pixels`).
    level : int or None
        Below which transformer, through all shallower ones; None: the deepest.
    strength : float
        Factor on the parameters of every one of them. What the network would make
        of deeper ones there is what `Inspector.look` gives at that strength.

    Returns
    -------
    ndarray
        Of the shape and type of `pixels`; 0 where the tile isn't read.

    Raises
    ------
    DataError
        If a warp has no parameters or there is none of that level.

    Notes
    -----
    Every pixel's place comes from the transformation itself (Eq. 3), not from the
    level's coarse points in between; values by Eq. 4. Float32: places are off by
    less than 1e-3 px on a tile of 224 px.
    """
    size = int(pixels.shape[0]), int(pixels.shape[1])
    places = reading_px(warps, size, level=level, strength=strength)
    places = np.nan_to_num(places, nan=-8.0)  # outside, where zeros are read
    maps = torch.from_numpy(np.array(pixels, dtype=np.float32).reshape(*size, -1))
    points = torch.from_numpy(places.astype(np.float32))[None]
    with limit_threads(1):  # so little work is slower if threads wait for each other
        read = gather(maps.permute(2, 0, 1)[None], points)[0].permute(1, 2, 0).numpy()
    if np.issubdtype(pixels.dtype, np.integer):
        read = np.rint(read)
    return np.asarray(read.reshape(pixels.shape).astype(pixels.dtype))


def reading_px(
    warps: Chain | Warp | Sequence[Warp],
    size: Size,
    *,
    level: int | None = None,
    strength: float = 1.0,
) -> Array:
    """Return where each pixel of a tile seen through its warps is read.

    Parameters
    ----------
    warps, level, strength
        As for `warped_image`.
    size : (int, int)
        Height and width of the tile as it is to be drawn, px of its own.

    Returns
    -------
    ndarray, shape (h, w, 2), float64
        (y, x), px of the tile of that size, centres at integers. NaN where a deeper
        transformer reads beyond the warped map of a shallower one: zeros.
    """
    chain = sorted(_warps(warps), key=lambda warp: warp.level)
    chain = [warp for warp in chain if level is None or warp.level <= level]
    if not chain or level not in (None, chain[-1].level):
        raise DataError(f"there is no warp of level {level} among those given")
    units = _read(chain[-1], None, size, strength)
    for deeper, warp in zip(chain[:0:-1], chain[-2::-1], strict=True):
        units = _read(warp, _to_above(units, warp, input_size(deeper)), size, strength)
    ratio = np.array(size) / input_size(chain[0])
    return np.asarray((units + 0.5) * ratio - 0.5)


def _read(warp: Warp, units: Array | None, size: Size, strength: float) -> Array:
    """Return where a warp reads its input map; None: at the pixels of the drawing."""
    require_parameters(warp)
    edit = WarpEdit(warp.level, strength)
    theta = edited_parameters(warp.theta, edit, warp.family).astype(np.float64)
    lattice, half = lattice_shape(warp.lattice), _half(input_size(warp))
    unit = (
        _pixels_unit(input_size(warp), size)
        if units is None
        else _to_frame(units, half)
    )
    if warp.family != "tps":
        flat = unit.reshape(-1, 2)
        shift = shift_fiducials(warp.family, theta, flat).reshape(unit.shape)
    elif units is None:
        basis = _basis(lattice, input_size(warp), size)
        # Not by BLAS, whose threads wait for each other on a busy machine.
        shift = np.einsum("nk,kc->nc", basis, theta.reshape(-1, 2))
    else:
        shift = evaluate_basis(lattice, unit.reshape(-1, 2)) @ theta.reshape(-1, 2)
    return np.asarray((unit + shift.reshape(unit.shape) + 1.0) * half)


def _to_above(units: Array, above: Warp, size: Size) -> Array:
    """Return units of an input map as those of the map above, all at rest."""
    warped = np.array(above.points.shape[:2]) if above.points.size else None
    into = np.array(input_size(above))
    out = into if warped is None else warped
    place = (units + 0.5) * (out / np.array(size)) - 0.5  # on the warped map above
    beyond = ((place < -0.5) | (place > out - 0.5)).any(-1, keepdims=True)
    place = np.where(beyond, np.nan, place)
    step = np.where(out > 1, (into - 1) / np.maximum(out - 1, 1), 1.0)
    return np.asarray(place * step)


@lru_cache(maxsize=4)
def _pixels_unit(level_size: Size, size: Size) -> Array:
    """Return the pixels of a drawing in the unit frame of a level's map."""
    axes = [
        (np.arange(n) + 0.5) * (m / n) - 0.5
        for n, m in zip(size, level_size, strict=True)
    ]
    units = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    return _frozen(_to_frame(units, _half(level_size)))


@lru_cache(maxsize=4)
def _basis(lattice: tuple[int, int], level_size: Size, size: Size) -> Array:
    """Return a spline's matrix at the pixels of a drawing, (h * w, k)."""
    places = _pixels_unit(level_size, size).reshape(-1, 2)
    return _frozen(evaluate_basis(lattice, places))


def _frozen(cached: Array) -> Array:
    cached.setflags(write=False)
    return cached


def _to_frame(units: Array, half: Array) -> Array:
    safe = np.where(half > 0, half, 1.0)
    return np.asarray(np.where(half > 0, units / safe - 1.0, 0.0))


def _half(size: Size) -> Array:
    return (np.array(size, dtype=np.float64) - 1.0) / 2.0


def _warps(warps: Chain | Warp | Sequence[Warp]) -> Sequence[Warp]:
    if isinstance(warps, Chain):
        return warps.warps
    return [warps] if isinstance(warps, Warp) else warps
