"""Gather and splat by the four corners of each point: slower, bit-repeatable on GPUs.

The native kernels add with atomics on a GPU, in any order. Here every addition
goes through `index_put` with accumulation, which sorts first, in both directions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dense_transformer.types import Kernel


def gather_corners(features: Tensor, points_px: Tensor, kernel: Kernel) -> Tensor:
    """Return features (b, c, h_in, w_in) read at points_px (b, h, w, 2), Eq. 4."""
    b, c, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).reshape(-1, c)  # (b * h_in * w_in, c)
    total = rows.new_zeros(points_px[..., 0].numel(), c)
    for index, weight in _corners(points_px, (height, width), kernel):
        total = total + rows[index] * weight[:, None]
    return total.reshape(b, *points_px.shape[1:3], c).permute(0, 3, 1, 2)


def splat_corners(values: Tensor, points_px: Tensor, size: tuple[int, int]) -> Tensor:
    """Return values (b, c, h, w) written to points_px on a map of `size`."""
    b, c = values.shape[:2]
    rows = values.permute(0, 2, 3, 1).reshape(-1, c)  # (b * h * w, c)
    total = rows.new_zeros(b * size[0] * size[1], c)
    for index, weight in _corners(points_px, size, "bilinear"):
        total = total.index_put((index,), rows * weight[:, None], accumulate=True)
    return total.reshape(b, *size, c).permute(0, 3, 1, 2)


def _corners(
    points_px: Tensor, size: tuple[int, int], kernel: Kernel
) -> list[tuple[Tensor, Tensor]]:
    """Return flat indices and weights of the units around each point."""
    height, width = size
    image = torch.arange(len(points_px), device=points_px.device).reshape(-1, 1, 1)
    steps: tuple[tuple[int, int], ...]
    if kernel == "nearest":
        base, steps = points_px.round().detach(), ((0, 0),)
        weights = [torch.ones_like(points_px[..., 0])]
    else:
        base, steps = points_px.floor().detach(), ((0, 0), (0, 1), (1, 0), (1, 1))
        fy, fx = (points_px - base).unbind(-1)
        weights = [(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx]
    result = []
    for (dy, dx), weight in zip(steps, weights, strict=True):
        y, x = base[..., 0] + dy, base[..., 1] + dx
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = y.clamp(0, height - 1).long(), x.clamp(0, width - 1).long()
        index = (image * height + y) * width + x
        result.append((index.reshape(-1), (weight * inside).reshape(-1)))
    return result
