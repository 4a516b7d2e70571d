"""The families of transformations, as shifts of every unit of a map.

All return ``shift`` with T(p) = p + shift(p), (y, x), unit frame, so that the
identity is exactly zero. Parameters are offsets from the family's identity.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dense_transformer.errors import ConfigError
from dense_transformer.geometry.lattice import unit_grid
from dense_transformer.geometry.tps import spline_matrix
from dense_transformer.types import Family


def parameter_count(family: Family, lattice: tuple[int, int]) -> int:
    """Return how many numbers the localisation gives: 2K for a spline."""
    counts = {"translation": 2, "attention": 3, "affine": 6, "projective": 8}
    return counts.get(family, 2 * lattice[0] * lattice[1])


def shift_grid(
    family: Family, theta: Tensor, lattice: tuple[int, int], size: tuple[int, int]
) -> Tensor:
    """Return the shift of every unit of a map of `size`.

    Parameters
    ----------
    family : str
        ``translation``: (ty, tx). ``attention``: (s - 1, ty, tx), Eq. 2 of the STN
        paper. ``affine``: rows (yy - 1, yx, ty), (xy, xx - 1, tx). ``projective``:
        the affine ones, then the denominator's (y, x) terms. ``tps``: offsets of
        the fiducials, (y, x) for each.
    theta : Tensor, shape (b, parameter_count)
        Offsets from the identity, unit frame.
    lattice : tuple of int
        Rows and columns of fiducials (splines only).
    size : tuple of int
        Height and width of the warped map.

    Returns
    -------
    Tensor, shape (b, height, width, 2)
        (y, x), unit frame, in the type of `theta`.
    """
    if family == "tps":
        double = theta.dtype == torch.float64
        matrix = spline_matrix(lattice, size, str(theta.device), double)
        offsets = theta.reshape(len(theta), -1, 2)
        return (matrix @ offsets).reshape(len(theta), *size, 2)
    grid = unit_grid(*size, dtype=theta.dtype, device=theta.device)
    return shift_points(family, theta, grid)


def shift_points(family: Family, theta: Tensor, points: Tensor) -> Tensor:
    """Return the shift of given points for the families that need no lattice.

    Parameters
    ----------
    family : str
        Any but ``tps``.
    theta : Tensor, shape (b, n)
        As in `shift_grid`.
    points : Tensor, shape (..., 2)
        (y, x), unit frame.

    Returns
    -------
    Tensor, shape (b, ..., 2)

    Raises
    ------
    ConfigError
        For an unknown family.
    """
    lead = (len(theta),) + (1,) * (points.dim() - 1)
    y, x = points[..., 0], points[..., 1]
    terms = [term.reshape(lead) for term in theta.unbind(1)]
    if family == "translation":
        ty, tx = terms
        zero = torch.zeros_like(y)
        return torch.stack([ty + zero, tx + zero], -1)
    if family == "attention":
        s, ty, tx = terms
        return torch.stack([s * y + ty, s * x + tx], -1)
    if family in ("affine", "projective"):
        yy, yx, ty, xy, xx, tx = terms[:6]
        shift_y, shift_x = yy * y + yx * x + ty, xy * y + xx * x + tx
        if family == "affine":
            return torch.stack([shift_y, shift_x], -1)
        along = terms[6] * y + terms[7] * x
        # (p + shift) / (1 + along) - p, written so that zero stays exactly zero
        shift_y, shift_x = shift_y - along * y, shift_x - along * x
        return torch.stack([shift_y, shift_x], -1) / (1 + along).unsqueeze(-1)
    raise ConfigError(f"family {family!r} has no closed form; use shift_grid for tps")


def parameter_bounds(family: Family, lattice: tuple[int, int], reach: float) -> Tensor:
    """Return the largest absolute value of each parameter in the offset form.

    A spline's fiducial may move by `reach` spacings of the lattice; the other
    families by as much as on a 4x4 lattice, and a projective denominator by half
    of that, which keeps it positive on the whole map.

    Returns
    -------
    Tensor, shape (parameter_count,), float32
    """
    if family == "tps":
        spacing = torch.tensor([2.0 / (lattice[0] - 1), 2.0 / (lattice[1] - 1)])
        return (reach * spacing).repeat(lattice[0] * lattice[1])
    bounds = torch.full((parameter_count(family, lattice),), reach * 2.0 / 3.0)
    if family == "projective":
        bounds[6:] = bounds[6:].clamp_max(0.9) / 2.0
    return bounds
