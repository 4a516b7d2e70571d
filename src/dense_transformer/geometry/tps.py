"""Thin-plate splines with fixed lattice: a matrix applied to offsets.

With F-tilde fixed, Eq. 1-3 of the DTN paper (Li et al., IJCAI 2019) are linear in
F: T(p) = p + M(p) (F - F-tilde). M is computed once per lattice and map size, in
float64; F = F-tilde gives the identity exactly, not to rounding.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from dense_transformer.geometry.lattice import lattice_points, unit_grid
from dense_transformer.types import Array


@lru_cache(maxsize=64)
def spline_matrix(
    lattice: tuple[int, int],
    size: tuple[int, int],
    device: str = "cpu",
    double: bool = False,
) -> Tensor:
    """Return M: how much of each fiducial's offset every unit of a map receives.

    Parameters
    ----------
    lattice : tuple of int
        Rows and columns of fiducials, at least 2 each.
    size : tuple of int
        Height and width of the map.
    device : str
        Where the matrix is kept.
    double : bool
        float64 instead of float32.

    Returns
    -------
    Tensor, shape (height * width, rows * columns)
        Rows sum to 1. Shared between callers: don't write to it.

    Notes
    -----
    ``T(p) = p + M(p) @ (fiducials - lattice)`` equals Eq. 3 with r = d^2 ln d^2.
    Against `scipy.interpolate.RBFInterpolator`: below 1e-12 for 4x4.
    """
    dtype = torch.float64 if double else torch.float32
    with torch.inference_mode(False):  # a cached inference tensor would break training
        grid = unit_grid(*size).reshape(-1, 2).numpy()
        matrix = torch.from_numpy(evaluate_basis(lattice, grid))
        return matrix.to(device=device, dtype=dtype)


def evaluate_basis(lattice: tuple[int, int], positions: Array) -> Array:
    """Return M at any positions, float64.

    Parameters
    ----------
    lattice : tuple of int
        Rows and columns of fiducials.
    positions : ndarray, shape (n, 2)
        (y, x), unit frame.

    Returns
    -------
    ndarray, shape (n, rows * columns)
    """
    knots = lattice_points(*lattice).numpy()
    inverse = _system_inverse(lattice)[:, : len(knots)]
    lifted = np.concatenate(
        [_kernel(positions, knots), np.ones((len(positions), 1)), positions], axis=1
    )
    return np.asarray(lifted @ inverse)


@lru_cache(maxsize=64)
def bending_matrix(lattice: tuple[int, int]) -> Tensor:
    """Return B with bending energy = sum over y and x of offsets^T B offsets.

    Returns
    -------
    Tensor, shape (k, k), float32
        Symmetric, positive semidefinite, zero for affine offsets.

    Notes
    -----
    B = W^T K W with W the upper left block of the inverted system (Bookstein 1989,
    doi:10.1109/34.24792), for the kernel r^2 ln r^2, that is 1/(16 pi) of the
    integral of the squared second derivatives.
    """
    knots = lattice_points(*lattice).numpy()
    block = _system_inverse(lattice)[: len(knots), : len(knots)]
    bending = block.T @ _kernel(knots, knots) @ block
    with torch.inference_mode(False):
        return torch.from_numpy((bending + bending.T) / 2.0).float()


@lru_cache(maxsize=64)
def _system_inverse(lattice: tuple[int, int]) -> Array:
    """Return the inverse of [[K, P], [P^T, 0]] (Delta of Eq. 2, rows reordered)."""
    knots = lattice_points(*lattice).numpy()
    count = len(knots)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(knots, knots)
    system[:count, count] = 1.0
    system[:count, count + 1 :] = knots
    system[count:, :count] = system[:count, count:].T
    return np.asarray(np.linalg.inv(system))


def _kernel(a: Array, b: Array) -> Array:
    """Return r^2 ln r^2 between all pairs; 0 at r = 0."""
    squared = np.square(a[:, None, :] - b[None, :, :]).sum(-1)
    return np.asarray(squared * np.log(np.where(squared > 0, squared, 1.0)))
