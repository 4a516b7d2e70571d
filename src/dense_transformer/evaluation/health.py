"""Whether warps are alive: moved, not at their bound, unlike each other, unfolded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from dense_transformer.errors import DataError
from dense_transformer.evaluation.parameters import (
    parameter_limits,
    recover_parameters,
)
from dense_transformer.geometry import HOLE, jacobian_determinant
from dense_transformer.types import Array, Warp, WarpHealth

SATURATED = 0.95  # share of its bound beyond which a coordinate counts as stuck
ABSOLUTE_MARGIN = 0.9  # the absolute form's coordinates are tanh / 0.9
Bound = tuple[float, float]


def measure_health(
    warps: Sequence[Warp],
    bounds: Bound | Mapping[int, Bound],
    *,
    absolute: bool = False,
) -> tuple[WarpHealth, ...]:
    """Return a level's figures over all its tiles, for each level that occurs.

    Parameters
    ----------
    warps : sequence of Warp
        Of many tiles, any levels in any order.
    bounds : (float, float) or mapping of level to (float, float)
        (y, x) bound of an offset in the unit frame: of a fiducial's for a spline,
        of a parameter's for the other families (`TensorWarp.bound`).
    absolute : bool
        The fiducials' coordinates are a tanh, bounded by `bounds` (1), over 0.9, so
        that those on the border can move; other families then have no bound.

    Returns
    -------
    tuple of WarpHealth
        By level. Spread is NaN for a single tile, folds for maps one unit wide.

    Raises
    ------
    DataError
        If a level's warps differ in fiducials or family, or its bound is missing.
    """
    levels: dict[int, list[Warp]] = {}
    for warp in warps:
        levels.setdefault(warp.level, []).append(warp)
    found = []
    for level, some in sorted(levels.items()):
        bound = bounds.get(level) if isinstance(bounds, Mapping) else bounds
        if bound is None:
            raise DataError(f"no bound is given for the warps of level {level}")
        found.append(_measure_level(level, some, bound, absolute))
    return tuple(found)


def _measure_level(
    level: int, warps: list[Warp], bound: Bound, absolute: bool
) -> WarpHealth:
    lattice, family = warps[0].lattice, warps[0].family
    for warp in warps:
        if warp.family != family or warp.fiducials.shape != lattice.shape:
            raise DataError(
                f"level {level} has warps of {family} with {len(lattice)} fiducials "
                f"and of {warp.family} with {len(warp.fiducials)}; measure the warps "
                "of one network"
            )
    fiducials = np.stack([warp.fiducials for warp in warps]).astype(np.float64)
    lengths = np.linalg.norm(fiducials - lattice, axis=-1)  # (tiles, k)
    apart = np.linalg.norm(fiducials - fiducials.mean(0), axis=-1)
    folded, cells = _count_folds(warps)
    covered = np.array([[w.coverage.size, w.coverage.sum(dtype=float)] for w in warps])
    holes = sum(int((warp.coverage < HOLE).sum()) for warp in warps)
    units, total = covered.sum(0)
    return WarpHealth(
        level=level,
        shift=float(lengths.mean()),
        largest_shift=float(lengths.max()),
        saturation=_saturation(warps[0], fiducials, bound, absolute),
        spread=float(np.sqrt((apart**2).mean())) if len(warps) > 1 else float("nan"),
        folded=folded / cells if cells else float("nan"),
        coverage_mean=float(total / units),
        holes=float(holes / units),
        tiles=len(warps),
    )


def _saturation(like: Warp, fiducials: Array, bound: Bound, absolute: bool) -> float:
    """Return the share of free numbers that stand beyond 95 % of their bound."""
    if like.family == "tps":
        values = fiducials if absolute else fiducials - like.lattice
        limits = np.asarray(bound) / (ABSOLUTE_MARGIN if absolute else 1.0)
    elif absolute:
        return 0.0
    else:
        values = recover_parameters(like.family, like.lattice, fiducials)
        limits = parameter_limits(like.family, bound)
    return float((np.abs(values) > SATURATED * limits).mean())


def _count_folds(warps: list[Warp]) -> tuple[int, int]:
    """Return how many cells are turned over or flat, and how many there are."""
    folded = cells = 0
    for warp in warps:
        if min(warp.points.shape[:2]) < 2:
            continue
        # A copy: torch warns about the read-only arrays of a Warp.
        points = torch.from_numpy(warp.points[None].astype(np.float64))
        determinant = jacobian_determinant(points)
        folded += int((determinant <= 0).sum())
        cells += determinant.numel()
    return folded, cells
