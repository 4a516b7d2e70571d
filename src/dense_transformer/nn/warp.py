"""What a transformer did to a batch, as a value that the decoder takes."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from dense_transformer.geometry import (
    Corners,
    bending_matrix,
    cover,
    jacobian_determinant,
    to_unit,
)

FOLD_MARGIN = 0.1
"""The fold hinge starts where area shrinks below this share of the identity's."""


class TensorWarp(NamedTuple):
    """One transformer's warp of a batch; positions are (y, x).

    Attributes
    ----------
    level : int
        1-based level of the network.
    family : str
        Kind of transformation.
    lattice_size : tuple of int
        Rows and columns of fiducials.
    lattice : Tensor, shape (k, 2)
        F-tilde, unit frame.
    fiducials : Tensor, shape (b, k, 2)
        F, unit frame.
    points_px : Tensor, shape (b, h, w, 2)
        Where each unit of the warped map is read, px of the input map.
    size : tuple of int
        Height and width of the input map.
    theta, bounds : Tensor, shapes (b, n) and (n,)
        Parameters as offsets from the identity, and their bounds (1 if unbounded).
    round_trip : Tensor or None
        Mean squared loss of gather then splat, where it was asked for.
    corners : Corners or None
        What sampling at the points starts from, for all who do it.
    """

    level: int
    family: str
    lattice_size: tuple[int, int]
    lattice: Tensor
    fiducials: Tensor
    points_px: Tensor
    size: tuple[int, int]
    theta: Tensor
    bounds: Tensor
    round_trip: Tensor | None = None
    corners: Corners | None = None

    @property
    def points(self) -> Tensor:
        """Points in the unit frame, shape (b, h, w, 2)."""
        return to_unit(self.points_px, self.size)

    @property
    def coverage(self) -> Tensor:
        """S of Eq. 6 on the input map, shape (b, h_in, w_in); computed when asked."""
        return cover(self.points_px, self.size, corners=self.corners)

    @property
    def bound(self) -> tuple[float, float]:
        """(y, x) bound of a fiducial's offset, unit frame."""
        return float(self.bounds[0]), float(self.bounds[min(1, len(self.bounds) - 1)])


def fold_penalty(warp: TensorWarp) -> Tensor:
    """Return the mean hinge on the Jacobian determinant, a scalar; 0 without folds."""
    if min(warp.points_px.shape[1:3]) < 2:
        return warp.points_px.new_zeros(())
    return (FOLD_MARGIN - jacobian_determinant(warp.points)).clamp_min(0.0).mean()


def bending_penalty(warp: TensorWarp) -> Tensor:
    """Return the mean bending energy of the fiducials' offsets, a scalar.

    Offsets are in the unit frame; affine motions, and the families that can do no
    other, cost nothing.
    """
    bending = bending_matrix(warp.lattice_size).to(warp.fiducials)
    offsets = warp.fiducials - warp.lattice  # (b, k, 2)
    return (offsets * (bending @ offsets)).sum((1, 2)).mean()
