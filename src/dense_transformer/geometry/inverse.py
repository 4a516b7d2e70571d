"""The decoder that the paper left for the future: invert the warped mesh exactly.

Splatting spreads a value over four units and averages. Here every output unit is
located in the irregular quadrilateral of the warped mesh that contains it, and
the values at its corners are interpolated: gather, with the inverse of T.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dense_transformer.geometry.sampling import gather

STEPS = 12


def invert_points(points_px: Tensor, size: tuple[int, int]) -> Tensor:
    """Return where each unit of the input map lies on the warped map.

    Parameters
    ----------
    points_px : Tensor, shape (b, h, w, 2)
        Where each unit of the warped map reads, (y, x), px of the input map.
    size : tuple of int
        Height and width of the input map.

    Returns
    -------
    Tensor, shape (b, height, width, 2)
        (y, x), px of the warped map; `points_px` interpolated there gives the unit
        itself. Units that the mesh doesn't reach take its nearest border.

    Notes
    -----
    Newton's method on the bilinear mesh; the last step is differentiable with the
    Jacobian held fixed, which is the implicit function theorem's gradient. Where
    the mesh folds there are several answers and one of them is returned.
    """
    h, w = points_px.shape[1:3]
    device, dtype = points_px.device, points_px.dtype
    y = torch.arange(size[0], device=device, dtype=dtype)
    x = torch.arange(size[1], device=device, dtype=dtype)
    target = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)  # (H, W, 2)
    scale = target.new_tensor(
        [(h - 1) / max(size[0] - 1, 1), (w - 1) / max(size[1] - 1, 1)]
    )
    limit = target.new_tensor([h - 1, w - 1])
    with torch.no_grad():
        mesh = points_px.detach().permute(0, 3, 1, 2)
        found = (target * scale).expand(len(points_px), -1, -1, -1)
        for _ in range(STEPS):
            value, inverse = _evaluate(mesh, found)
            step = (inverse @ (value - target).unsqueeze(-1)).squeeze(-1)
            found = torch.minimum((found - step).clamp_min(0.0), limit)
        _, inverse = _evaluate(mesh, found)
    value = _read(points_px.permute(0, 3, 1, 2), found)
    residual = value - value.detach()  # zero; carries the gradient
    return found - (inverse @ residual.unsqueeze(-1)).squeeze(-1)


def _evaluate(mesh: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
    """Return T and the inverse of its Jacobian at positions of the warped map."""
    h, w = mesh.shape[-2:]
    last = at.new_tensor([max(h - 2, 0), max(w - 2, 0)])
    base = torch.minimum(at.floor(), last)
    fy, fx = (at - base).unbind(-1)
    fy, fx = fy.unsqueeze(-1), fx.unsqueeze(-1)
    corners = ((0, 0), (0, 1), (1, 0), (1, 1))
    nw, ne, sw, se = (_read(mesh, base + base.new_tensor(c)) for c in corners)
    top, low = nw * (1 - fx) + ne * fx, sw * (1 - fx) + se * fx
    along_x = (ne - nw) * (1 - fy) + (se - sw) * fy
    along_y = low - top
    (a, c), (b, d) = along_y.unbind(-1), along_x.unbind(-1)  # dT_y/dy, dT_x/dy, ...
    determinant = a * d - b * c
    safe = torch.where(
        determinant.abs() < 1e-3, torch.ones_like(determinant), determinant
    )
    inverse = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    return top * (1 - fy) + low * fy, inverse / safe[..., None, None]


def _read(mesh: Tensor, at: Tensor) -> Tensor:
    return gather(mesh, at).permute(0, 2, 3, 1)  # always inside: zeros never show
