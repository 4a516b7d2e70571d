"""Gather (Eq. 4) and splat (Eq. 6-10): read a map at points, write it back to them.

Positions are pixels of the map that is read or written, (y, x), centres at
integers, as in the equations. This is the only module that knows that torch
wants (x, y) in a frame of its own.

On a CPU, and where bits must repeat, sampling is a sparse product (`rows`); on a
GPU torch's own kernels do it.

Convention: points outside a map read zeros and write nothing; a point less than
one pixel outside still shares with the border. Everything runs in float32 at
least: half-precision positions are wrong by whole pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as nnf

from dense_transformer.errors import DivergedError
from dense_transformer.geometry.corners import Corners, find_corners
from dense_transformer.geometry.rows import gather_rows, splat_rows
from dense_transformer.types import Kernel

_BILINEAR, _NEAREST, _ZEROS = 0, 1, 0


def gather(
    features: Tensor,
    points_px: Tensor,
    *,
    kernel: Kernel = "bilinear",
    deterministic: bool = False,
    corners: Corners | None = None,
) -> Tensor:
    """Return V: the features read at points (Eq. 4).

    Parameters
    ----------
    features : Tensor, shape (b, c, h_in, w_in)
        The input map U; any floating type.
    points_px : Tensor, shape (b, h, w, 2)
        (y, x), px of the input map; finite.
    kernel : {"bilinear", "nearest"}
        Eq. 4, or the integer kernel of the STN paper (its Eq. 4), which passes no
        gradient to the points.
    deterministic : bool
        Repeat bit for bit on GPUs too (slower there).
    corners : Corners or None
        What `share_corners` gave for these points; None: find them.

    Returns
    -------
    Tensor, shape (b, c, h, w)
        In the type of `features`.
    """
    with torch.autocast(features.device.type, enabled=False):
        if _by_rows(features, deterministic):
            if corners is None or kernel == "nearest":
                size = features.shape[-2], features.shape[-1]
                corners = _find(points_px, size, kernel, features.dtype)
            out = points_px.shape[1], points_px.shape[2]
            return gather_rows(features, corners, out)
        padded = _pad_exact(features.to(_sum_type(features.dtype)))
        grid = _to_torch(points_px.to(padded.dtype), padded.shape[-2:])
        mode = "bilinear" if kernel == "bilinear" else "nearest"
        read = nnf.grid_sample(padded, grid, mode, "zeros", align_corners=False)
        return read.to(features.dtype)


def splat(
    values: Tensor,
    points_px: Tensor,
    size: tuple[int, int],
    *,
    deterministic: bool = False,
    corners: Corners | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the values spread over the four units around each point, and S.

    Parameters
    ----------
    values : Tensor, shape (b, c, h, w)
        The map V; any floating type.
    points_px : Tensor, shape (b, h, w, 2)
        Where each unit of V belongs, (y, x), px of the output map; finite.
    size : tuple of int
        Height and width of the output map; may differ from V's.
    deterministic : bool
        Repeat bit for bit on GPUs too (slower there).
    corners : Corners or None
        What `share_corners` gave for these points; None: find them.

    Returns
    -------
    total : Tensor, shape (b, c, height, width)
        The sum in Eq. 7 before it is divided by S; float32 (float64 for float64).
    coverage : Tensor, shape (b, 1, height, width)
        S of Eq. 6, in the same type.

    Notes
    -----
    One native call over values and ones together; it is the adjoint of `gather`,
    so that <gather(U), V> = <U, splat(V)>, and autograd gives Eq. 8-10.
    """
    with torch.autocast(values.device.type, enabled=False):
        if _by_rows(values, deterministic):
            corners = corners or _find(points_px, size, "bilinear", values.dtype)
            return splat_rows(values, corners, size)
        values = values.to(_sum_type(values.dtype))
        ones = values.new_ones(len(values), 1, *values.shape[2:])
        stacked = torch.cat([values, ones], 1)
        frame = (_exact_length(size[0]), _exact_length(size[1]))
        grid = _to_torch(points_px.to(values.dtype), frame)
        whole = _Splat.apply(stacked, grid, frame)  # type: ignore[no-untyped-call]
        written = whole[..., : size[0], : size[1]]
        return written[:, :-1], written[:, -1:]


def cover(
    points_px: Tensor, size: tuple[int, int], *, corners: Corners | None = None
) -> Tensor:
    """Return S of Eq. 6 alone, shape (b, height, width); see `splat`."""
    nothing = points_px.new_empty(len(points_px), 0, *points_px.shape[1:3])
    return splat(nothing, points_px, size, corners=corners)[1][:, 0]


def share_corners(
    points_px: Tensor, size: tuple[int, int], *, deterministic: bool = False
) -> Corners | None:
    """Return what `gather`, `splat` and `cover` with the same points have in common.

    None where torch's own kernels sample, on a GPU without `deterministic`.
    """
    if not _by_rows(points_px, deterministic):
        return None
    with torch.autocast(points_px.device.type, enabled=False):
        return _find(points_px, size, "bilinear", points_px.dtype)


def require_finite(fiducials: Tensor, level: int) -> None:
    """Raise DivergedError unless all fiducials are finite numbers.

    NaN in a sampling grid can crash the process inside the native kernel, so it
    has to stop here. Checking the few fiducials checks every point.
    """
    if not bool(torch.isfinite(fiducials).all()):
        raise DivergedError(
            f"fiducials at level {level} are not finite; lower learning_rate or "
            "transformer_rate, and check the image for NaN"
        )


def _by_rows(tensor: Tensor, deterministic: bool) -> bool:
    return deterministic or tensor.device.type == "cpu"


def _sum_type(dtype: torch.dtype) -> torch.dtype:
    """Return the type of positions, weights and sums for features of a type."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def _find(
    points_px: Tensor, size: tuple[int, int], kernel: Kernel, dtype: torch.dtype
) -> Corners:
    """Return the corners of points that are finite, in the type for such features."""
    if points_px.device.type == "cpu" and not bool(torch.isfinite(points_px).all()):
        raise DivergedError("a sampling point is not finite; check the transformation")
    return find_corners(points_px.to(_sum_type(dtype)), size, kernel)


class _Splat(torch.autograd.Function):
    """The adjoint of grid_sample, with its derivatives, which torch doesn't have."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, grid: Tensor, size: tuple[int, int]
    ) -> Tensor:
        ctx.save_for_backward(values, grid)
        dummy = values.new_zeros(1).expand(*values.shape[:2], *size)
        return _adjoint(values, dummy, grid, [True, False])[0]

    @staticmethod
    def backward(
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None]:
        values, grid = ctx.saved_tensors
        gradient = gradients[0]
        to_values = to_grid = None
        if ctx.needs_input_grad[0]:
            to_values = nnf.grid_sample(
                gradient, grid, "bilinear", "zeros", align_corners=False
            )
        if ctx.needs_input_grad[1]:
            to_grid = _adjoint(values, gradient.contiguous(), grid, [False, True])[1]
        return to_values, to_grid, None


def _adjoint(
    values: Tensor, like: Tensor, grid: Tensor, mask: list[bool]
) -> list[Tensor]:
    result: list[Tensor] = torch.ops.aten.grid_sampler_2d_backward(
        values, like, grid, _BILINEAR, _ZEROS, False, mask
    )
    return result


def _to_torch(points_px: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Return positions as torch samples them: (x, y), [-1, 1] on pixel edges."""
    extent = points_px.new_tensor([size[-2], size[-1]])
    return ((2.0 * points_px + 1.0) / extent - 1.0).flip(-1)


def _exact_length(length: int) -> int:
    """Return the power of two to pad to, or `length` where that costs too much.

    Torch rescales positions by the map's size; with a power of two that is exact,
    so an integer position reads its unit bit for bit and the identity is exact.
    """
    power = 1 << (length - 1).bit_length()
    return power if power <= 1.5 * length else length


def _pad_exact(features: Tensor) -> Tensor:
    height, width = features.shape[-2:]
    right, bottom = _exact_length(width) - width, _exact_length(height) - height
    return nnf.pad(features, (0, right, 0, bottom)) if right or bottom else features
