"""The units around each point of a grid, and their bilinear shares of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from dense_transformer.types import Kernel


class Corners:
    """Where n points lie among the units of a batch of maps.

    Gather and splat by one warp share it: their weights, their gradient to the
    points and the sorting are computed once.

    Attributes
    ----------
    unit : Tensor, shape (n, k), int64
        Rows of the flattened maps (b * h_in * w_in); k is 4, or 1 for nearest.
    weight : Tensor, shape (n, k)
        Bilinear weights, differentiable in the points; 0 for units outside the map.
    units : int
        Number of rows, b * h_in * w_in.
    """

    def __init__(self, unit: Tensor, weight: Tensor, units: int) -> None:
        self.unit, self.weight, self.units = unit, weight, units

    @cached_property
    def starts(self) -> Tensor:
        """Where each point's entries start in the flattened `unit`."""
        n, k = self.unit.shape
        return torch.arange(0, n * k, k, device=self.unit.device)

    @cached_property
    def owner(self) -> Tensor:
        """The point that each entry of the flattened `unit` belongs to."""
        return torch.arange(len(self.unit), device=self.unit.device).repeat_interleave(
            self.unit.shape[1]
        )

    @cached_property
    def by_unit(self) -> tuple[Tensor, Tensor, Tensor]:
        """Entries in the order of their units, their points, each unit's first entry.

        The last has one element more: the end of the last unit's entries.
        """
        flat = self.unit.reshape(-1)
        order = flat.argsort(stable=True)
        ends = torch.bincount(flat, minlength=self.units).cumsum(0)
        starts = torch.nn.functional.pad(ends, (1, 0))
        return order, order // self.unit.shape[1], starts


def find_corners(
    points_px: Tensor, size: tuple[int, int], kernel: Kernel = "bilinear"
) -> Corners:
    """Return the units that points (b, h, w, 2) touch on maps of `size` (Eq. 4, 6).

    Notes
    -----
    Eq. 10 has a corner where a point lies on a unit, as all do in an identity: the
    gradient is there the derivative towards larger y and x, as in torch's kernels.
    """
    batch, units = len(points_px), len(points_px) * size[0] * size[1]
    flat = points_px.reshape(-1, 2)
    if kernel == "nearest":
        where = flat.detach().round().T.unsqueeze(1)  # (y | x, 1, n)
        inside = _inside(where, size).all(0).to(flat.dtype)
        return Corners(_units(where, batch, size), inside.T, units)
    unit, weight = _Bilinear.apply(flat, batch, size)  # type: ignore[no-untyped-call]
    return Corners(unit, weight, units)


class _Bilinear(torch.autograd.Function):
    """Units and weights of points (n, 2): one operation instead of thirty.

    Inside, the points are the last axis, so that all of it is vectorised.
    """

    @staticmethod
    def forward(
        ctx: Any, points_px: Tensor, batch: int, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        points = points_px.T.contiguous()  # (y | x, n)
        floor = points.floor()
        far = points - floor
        where = torch.stack([floor, floor + 1.0], 1)  # (y | x, near | far, n)
        inside = _inside(where, size)
        y, x = torch.stack([1.0 - far, far], 1) * inside
        weight = (y.unsqueeze(1) * x).reshape(4, -1).T.contiguous()
        unit = _units(where, batch, size)
        ctx.save_for_backward(y, x, inside)
        ctx.mark_non_differentiable(unit)
        return unit, weight

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        y, x, inside = ctx.saved_tensors
        to_weight = gradients[1].T.reshape(2, 2, -1)  # (near | far in y, in x, n)
        to_y = to_weight[:, 0] * x[0] + to_weight[:, 1] * x[1]
        to_x = to_weight[0] * y[0] + to_weight[1] * y[1]
        near, far = (torch.stack([to_y, to_x]) * inside).unbind(1)
        return (far - near).T, None, None


def _inside(where: Tensor, size: tuple[int, int]) -> Tensor:
    """Return which coordinates (y | x, k, n) lie on a map of `size`, axis by axis."""
    last = where.new_tensor([size[0] - 1, size[1] - 1]).reshape(2, 1, 1)
    return (where >= 0) & (where <= last)


def _units(where: Tensor, batch: int, size: tuple[int, int]) -> Tensor:
    """Return rows of the flattened maps, (n, k * k), for positions (y | x, k, n)."""
    height, width = size
    count = where.shape[2] // batch
    image = torch.arange(batch, device=where.device) * (height * width)
    y = where[0].clamp(0, height - 1).long() * width + image.repeat_interleave(count)
    x = where[1].clamp(0, width - 1).long()
    return (y.unsqueeze(1) + x).reshape(-1, where.shape[2]).T.contiguous()
