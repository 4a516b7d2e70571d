"""A transformation's parameters, read back from where its fiducials went."""

from __future__ import annotations

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.types import Array


def recover_parameters(family: str, lattice: Array, fiducials: Array) -> Array:
    """Return the offsets from the identity that moved the lattice there.

    Parameters
    ----------
    family : str
        ``translation``, ``attention``, ``affine`` or ``projective``; the order of
        their parameters is that of `geometry.shift_grid`.
    lattice : ndarray, shape (k, 2)
        (y, x), unit frame; k >= 4, not on one line.
    fiducials : ndarray, shape (tiles, k, 2)
        (y, x), unit frame.

    Returns
    -------
    ndarray, shape (tiles, parameters), float64

    Raises
    ------
    DataError
        For a family that has no such parameters.

    Notes
    -----
    Each family's shift is linear in its parameters, the projective one's too once
    its denominator is multiplied out: shift = A p + t - (g . p) F. So this is the
    least-squares solution, exact where the fiducials come from the family.
    """
    y, x = np.asarray(lattice, dtype=np.float64).T
    one, zero = np.ones_like(y), np.zeros_like(y)
    columns = {  # of one parameter each: its effect on (y, x)
        "translation": [(one, zero), (zero, one)],
        "attention": [(y, x), (one, zero), (zero, one)],
    }
    affine = [(c, zero) for c in (y, x, one)] + [(zero, c) for c in (y, x, one)]
    columns |= {"affine": affine, "projective": affine}
    if family not in columns:
        raise DataError(f"family {family!r} has no parameters to read back")
    design = np.stack([np.concatenate(pair) for pair in columns[family]], 1)
    recovered = []
    for there in np.asarray(fiducials, dtype=np.float64):
        shift = (there - lattice).T.reshape(-1)  # all y, then all x
        full = design
        if family == "projective":
            tilt = -np.stack([there.T * y, there.T * x], -1).reshape(-1, 2)
            full = np.concatenate([design, tilt], 1)
        recovered.append(np.linalg.lstsq(full, shift, rcond=None)[0])
    return np.stack(recovered)


def parameter_limits(family: str, bound: tuple[float, float]) -> Array:
    """Return the bound of each parameter, as `geometry.parameter_bounds` sets them."""
    counts = {"translation": 2, "attention": 3, "affine": 6, "projective": 8}
    limits = np.full(counts[family], float(bound[0]))
    if family == "projective":
        limits[6:] = np.minimum(limits[6:], 0.9) / 2.0
    return limits
