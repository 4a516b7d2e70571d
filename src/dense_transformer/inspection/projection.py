"""A map of a warped or deeper space, brought to where it belongs in the image."""

from __future__ import annotations

from typing import Literal

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.types import Array

Space = Literal["units", "cells", "input"]


def project(
    chain: Chain,
    values: Array,
    level: int | None = None,
    space: Space = "units",
    finer: int = 1,
) -> tuple[Array, MapFrame]:
    """Return a level's map as it lies in the image.

    At rest a map of a warped space lies where its units would be without the
    transformers. Here each part of the image gets the value of the place that reads
    it: what the network computed for that part.

    Parameters
    ----------
    chain : Chain
        The warps of one tile.
    values : ndarray, shape (h, w) or (h, w, c)
        The map; real or bool. NaN where it has none.
    level : int or None
        Level of the transformer; None: the deepest.
    space : {"units", "cells", "input"}
        Of what there is a value: the units of the warped map, the cells between
        them, or the units of the input map, which lie in the image itself unless
        there is a shallower transformer.
    finer : int
        Pixels of the result along a unit of the level.

    Returns
    -------
    values : ndarray, shape (h_image, w_image) or (h_image, w_image, c)
        float64, interpolated linearly; bool by the nearest. NaN (False) where
        nothing reads the image.
    frame : MapFrame
        Where they lie in the image.

    Raises
    ------
    DataError
        If the map is not of that space.
    """
    mesh = chain.mesh(level)
    size = mesh.size if space == "input" else mesh.out_size
    lost = 1 if space == "cells" else 0
    if values.shape[:2] != (size[0] - lost, size[1] - lost):
        raise DataError(
            f"a map of {values.shape[:2]} is none of the {space} of level "
            f"{chain.warp(level).level}, which has {size[0] - lost, size[1] - lost}"
        )
    shape, frame = chain.image_grid(level, finer)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    px = grid * frame.pitch_px + np.array(frame.origin_px)
    if space == "input":
        at = chain.image_px_to_input(px, level)
    else:
        at = chain.image_px_to_units(px, level) - lost / 2.0
    return _read(values, at), frame


def _read(values: Array, at: Array) -> Array:
    """Return values at positions (..., 2) in units; edges continue outwards."""
    known = np.asarray(np.isfinite(at).all(-1))
    last = np.array(values.shape[:2]) - 1
    place = np.clip(np.where(known[..., None], at, 0.0), 0, last)
    if values.dtype == bool:
        near = np.rint(place).astype(np.intp)
        return np.asarray(values[near[..., 0], near[..., 1]] & known)
    base = np.clip(np.floor(place), 0, np.maximum(last - 1, 0)).astype(np.intp)
    upper = np.minimum(base + 1, last)
    (i, j), (k, m) = np.moveaxis(base, -1, 0), np.moveaxis(upper, -1, 0)
    y, x = np.moveaxis(place - base, -1, 0)
    if values.ndim == 3:
        y, x, known = y[..., None], x[..., None], known[..., None]
    top = _mix(values[i, j], values[i, m], x)
    low = _mix(values[k, j], values[k, m], x)
    return np.asarray(np.where(known, _mix(top, low, y), np.nan))


def _mix(a: Array, b: Array, share: Array) -> Array:
    """Return a + share (b - a); NaN of an end with no share doesn't spread."""
    return np.asarray(
        np.where(share <= 0, a, np.where(share >= 1, b, a + share * (b - a)))
    )
