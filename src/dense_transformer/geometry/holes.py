"""From sums and coverage to values: Eq. 7, with holes filled from their neighbours."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as nnf

HOLE = 0.1
"""Coverage below which a unit is a hole; above it Eq. 7 holds exactly."""


def divide_by_coverage(total: Tensor, coverage: Tensor, *, fill: bool = True) -> Tensor:
    """Return U of Eq. 7, with holes filled smoothly.

    Parameters
    ----------
    total : Tensor, shape (b, c, h, w)
        Splatted sums.
    coverage : Tensor, shape (b, 1, h, w)
        S of Eq. 6.
    fill : bool
        False leaves holes as they fade to zero.

    Returns
    -------
    Tensor, shape (b, c, h, w)
        total / S where S >= HOLE. Below, it fades into the mean of what was written
        around, taken from as far as need be: sums and coverage are halved in size
        until they meet, then read back with bilinear interpolation (push-pull).

    Notes
    -----
    The paper leaves the rule open ("an interpolation strategy over its neighboring
    pixels on previous feature maps to produce smooth results", section 4). Value
    and first derivative are continuous in S, so there is no seam at HOLE, and the
    factor on `total` stays below 1.2 / HOLE, so a tiny S can't blow up a gradient.
    """
    if not fill or not bool((coverage.detach() < HOLE).any()):
        return total * _weight(coverage)
    return _pull(total, coverage)


def _pull(total: Tensor, coverage: Tensor) -> Tensor:
    value = total * _weight(coverage)
    height, width = coverage.shape[-2:]
    if height == 1 and width == 1:
        return value
    size = (-(-height // 2), -(-width // 2))
    coarse = _pull(_push(total, size), _push(coverage, size))
    around = nnf.interpolate(
        coarse, (height, width), mode="bilinear", align_corners=False
    )
    t = (coverage / HOLE).clamp_max(1.0)
    missing = 1.0 - t * t * (3.0 - 2.0 * t)  # exactly 0 outside holes
    return value + missing * around


def _push(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the mean over 2x2 blocks; a block cut by the border counts zeros."""
    height, width = values.shape[-2:]
    padded = nnf.pad(values, (0, 2 * size[1] - width, 0, 2 * size[0] - height))
    return nnf.avg_pool2d(padded, 2) * 2.0  # one covered unit of four is S = 0.5


def _weight(coverage: Tensor) -> Tensor:
    """Return smoothstep(S / HOLE) / S without the division by a small S."""
    t = (coverage / HOLE).clamp_max(1.0)
    return torch.where(
        coverage >= HOLE, 1.0 / coverage.clamp_min(HOLE), t * (3.0 - 2.0 * t) / HOLE
    )
