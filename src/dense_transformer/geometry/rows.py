"""Gather and splat as sparse matrices on rows of channels: fast on CPUs, repeatable.

A point reads four units with four weights: a row of a sparse matrix A with four
entries. Gather is A times the map's rows, splat its transpose times the values'.
`embedding_bag` does such products ten times faster than torch's sampling kernels
on a CPU (128 channels, 28x28: 0.1 against 0.8 ms), in channels-last order, and
adds in a fixed order on every device, where the sampling kernels use atomics.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as nnf

from dense_transformer.types import Kernel


class Corners(NamedTuple):
    """The units around each of n points of a batch, flattened, and their shares.

    Attributes
    ----------
    unit : Tensor, shape (n, 4) or (n, 1), int64
        Rows of the flattened map (b * h * w).
    weight : Tensor, same shape
        Bilinear weights; 0 for units outside the map.
    """

    unit: Tensor
    weight: Tensor


def find_corners(points_px: Tensor, size: tuple[int, int], kernel: Kernel) -> Corners:
    """Return the units that points (b, h, w, 2) touch on maps of `size` (Eq. 4, 6)."""
    height, width = size
    if kernel == "nearest":
        base = points_px.detach().round().unsqueeze(-2)  # (b, h, w, 1, 2)
        weight = torch.ones_like(points_px[..., :1])
    else:
        floor = points_px.detach().floor()
        step = floor.new_tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
        base = floor.unsqueeze(-2) + step  # (b, h, w, 4, 2)
        weight = (1.0 - (points_px.unsqueeze(-2) - base).abs()).prod(-1)
    y, x = base.unbind(-1)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    image = torch.arange(len(base), device=base.device).reshape(-1, 1, 1, 1)
    y, x = y.clamp(0, height - 1).long(), x.clamp(0, width - 1).long()
    index = (image * height + y) * width + x
    count = index.shape[-1]
    return Corners(index.reshape(-1, count), (weight * inside).reshape(-1, count))


def gather_rows(features: Tensor, points_px: Tensor, kernel: Kernel) -> Tensor:
    """Return features (b, c, h_in, w_in) read at points (b, h, w, 2)."""
    b, c, height, width = features.shape
    corners = find_corners(points_px, (height, width), kernel)
    rows = features.permute(0, 2, 3, 1).reshape(-1, c)
    read = _Gather.apply(rows, *corners)  # type: ignore[no-untyped-call]
    return _in_format_of(features, read.reshape(b, *points_px.shape[1:3], c))


def splat_rows(values: Tensor, points_px: Tensor, size: tuple[int, int]) -> Tensor:
    """Return values (b, c, h, w) written to points (b, h, w, 2)."""
    b, c = values.shape[:2]
    corners = find_corners(points_px, size, "bilinear")
    rows = values.permute(0, 2, 3, 1).reshape(-1, c)
    written = _Splat.apply(rows, *corners, b * size[0] * size[1])  # type: ignore[no-untyped-call]
    return _in_format_of(values, written.reshape(b, *size, c))


def _in_format_of(like: Tensor, rows: Tensor) -> Tensor:
    """Return (b, h, w, c) as (b, c, h, w), laid out in memory as `like` is.

    Convolutions choose their algorithm, and so their last bits, by the layout.
    """
    result = rows.permute(0, 3, 1, 2)
    return result.contiguous() if like.is_contiguous() else result


class _Gather(torch.autograd.Function):
    """A @ rows, with A given by index and weight."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, index: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(rows, index, weight)
        return nnf.embedding_bag(index, rows, per_sample_weights=weight, mode="sum")

    @staticmethod
    def backward(
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, None, Tensor | None]:
        rows, index, weight = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        to_rows = to_weight = None
        if ctx.needs_input_grad[0]:
            to_rows = _scatter(gradient, index, weight, len(rows))
        if ctx.needs_input_grad[2]:
            to_weight = _pair_products(gradient, rows, index)
        return to_rows, None, to_weight


class _Splat(torch.autograd.Function):
    """A^T @ rows: Eq. 8 is its gradient to the rows, Eq. 10 comes by the weights."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, index: Tensor, weight: Tensor, count: int
    ) -> Tensor:
        ctx.save_for_backward(rows, index, weight)
        return _scatter(rows, index, weight, count)

    @staticmethod
    def backward(
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, None, Tensor | None, None]:
        rows, index, weight = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        to_rows = to_weight = None
        if ctx.needs_input_grad[0]:
            to_rows = nnf.embedding_bag(
                index, gradient, per_sample_weights=weight, mode="sum"
            )
        if ctx.needs_input_grad[2]:
            to_weight = _pair_products(rows, gradient, index)
        return to_rows, None, to_weight, None


def _scatter(rows: Tensor, index: Tensor, weight: Tensor, count: int) -> Tensor:
    """Return, for each of `count` units, the weighted sum of the rows that touch it."""
    flat = index.reshape(-1)
    order = flat.argsort(stable=True)
    ends = torch.bincount(flat, minlength=count).cumsum(0)
    return nnf.embedding_bag(
        order // index.shape[1],
        rows.contiguous(),
        nnf.pad(ends, (1, 0)),
        per_sample_weights=weight.reshape(-1)[order],
        mode="sum",
        include_last_offset=True,
    )


def _pair_products(left: Tensor, right: Tensor, index: Tensor) -> Tensor:
    """Return <left[i], right[index[i, k]]>, shape (n, k).

    It is the gradient of `embedding_bag` to its weights, which has a native kernel.
    """
    n, k = index.shape
    starts = torch.arange(0, n * k, k, device=index.device)
    owner = torch.arange(n, device=index.device).repeat_interleave(k)
    products: Tensor = torch.ops.aten._embedding_bag_per_sample_weights_backward(
        left, right, index.reshape(-1), starts, owner, 0
    )
    return products.reshape(n, k)
