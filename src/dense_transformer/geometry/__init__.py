"""Pure functions on tensors: lattices, families of transformations, samplers."""

from dense_transformer.geometry.corners import Corners
from dense_transformer.geometry.families import (
    parameter_bounds,
    parameter_count,
    shift_grid,
    shift_points,
)
from dense_transformer.geometry.holes import HOLE, divide_by_coverage
from dense_transformer.geometry.inverse import invert_points
from dense_transformer.geometry.jacobian import jacobian_determinant
from dense_transformer.geometry.lattice import (
    lattice_points,
    to_px,
    to_unit,
    unit_axis,
    unit_grid,
)
from dense_transformer.geometry.sampling import (
    cover,
    gather,
    require_finite,
    share_corners,
    splat,
)
from dense_transformer.geometry.tps import (
    bending_matrix,
    evaluate_basis,
    spline_matrix,
)

__all__ = [
    "HOLE",
    "Corners",
    "bending_matrix",
    "cover",
    "divide_by_coverage",
    "evaluate_basis",
    "gather",
    "invert_points",
    "jacobian_determinant",
    "lattice_points",
    "parameter_bounds",
    "parameter_count",
    "require_finite",
    "share_corners",
    "shift_grid",
    "shift_points",
    "splat",
    "spline_matrix",
    "to_px",
    "to_unit",
    "unit_axis",
    "unit_grid",
]
