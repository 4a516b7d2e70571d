"""Regular positions: the fiducial lattice and the units of a map."""

from __future__ import annotations

import torch
from torch import Tensor


def unit_axis(
    length: int,
    *,
    dtype: torch.dtype = torch.float64,
    device: torch.device | None = None,
) -> Tensor:
    """Return the pixel centres of an axis in the unit frame; 0 where it has one pixel.

    Returns
    -------
    Tensor, shape (length,)
        -1 is the first pixel centre, 1 the last (``align_corners=True``).
    """
    if length == 1:
        return torch.zeros(1, dtype=dtype, device=device)
    return torch.linspace(-1.0, 1.0, length, dtype=dtype, device=device)


def unit_grid(
    height: int,
    width: int,
    *,
    dtype: torch.dtype = torch.float64,
    device: torch.device | None = None,
) -> Tensor:
    """Return the pixel centres of a map in the unit frame.

    Returns
    -------
    Tensor, shape (height, width, 2)
        (y, x), unit frame.
    """
    y = unit_axis(height, dtype=dtype, device=device)
    x = unit_axis(width, dtype=dtype, device=device)
    return torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)


def lattice_points(
    rows: int, columns: int, *, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Return F-tilde: evenly spaced fiducials that span the whole map.

    Returns
    -------
    Tensor, shape (rows * columns, 2)
        (y, x), unit frame, row by row.
    """
    return unit_grid(rows, columns, dtype=dtype).reshape(-1, 2)


def to_px(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Return unit-frame positions as pixels of a map, centres at integers.

    Parameters
    ----------
    points : Tensor, shape (..., 2)
        (y, x), unit frame.
    size : tuple of int
        Height and width of the map.
    """
    return (points + 1.0) * _half_extent(points, size)


def to_unit(points_px: Tensor, size: tuple[int, int]) -> Tensor:
    """Return pixel positions of a map in the unit frame; the inverse of `to_px`.

    Along an axis of one pixel every position is the unit frame's 0.
    """
    half = _half_extent(points_px, size)
    unit = points_px / half.clamp_min(0.5) - 1.0
    return torch.where(half > 0, unit, torch.zeros_like(unit))


def _half_extent(like: Tensor, size: tuple[int, int]) -> Tensor:
    return like.new_tensor([(size[0] - 1) / 2.0, (size[1] - 1) / 2.0])
