"""How a warp stretches, and where it folds."""

from __future__ import annotations

from torch import Tensor


def jacobian_determinant(points: Tensor) -> Tensor:
    """Return det of the Jacobian of T for each cell of the warped map.

    Parameters
    ----------
    points : Tensor, shape (b, h, w, 2)
        (y, x), unit frame; h, w >= 2.

    Returns
    -------
    Tensor, shape (b, h - 1, w - 1)
        1 for the identity, 0 where area vanishes, negative where the warp folds.
        Area read on the input map per area of the warped map, both in their own
        unit frames; means of the differences along both edges of a cell.
    """
    h, w = points.shape[1:3]
    down = points[:, 1:] - points[:, :-1]
    right = points[:, :, 1:] - points[:, :, :-1]
    down = (down[:, :, 1:] + down[:, :, :-1]) * ((h - 1) / 4.0)
    right = (right[:, 1:] + right[:, :-1]) * ((w - 1) / 4.0)
    return down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0]
