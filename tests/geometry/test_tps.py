"""Thin-plate splines against scipy and against what must hold for any spline."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import RBFInterpolator

from dense_transformer.geometry import (
    bending_matrix,
    evaluate_basis,
    lattice_points,
    shift_grid,
    spline_matrix,
    unit_grid,
)

LATTICES = [(2, 2), (4, 4), (3, 5), (8, 8)]


@pytest.mark.parametrize("lattice", LATTICES)
def test_spline_equals_scipys_thin_plate_spline(lattice):
    rng = np.random.default_rng(0)
    knots = lattice_points(*lattice).numpy()
    offsets = rng.normal(0, 0.2, knots.shape)
    grid = unit_grid(17, 23).reshape(-1, 2)
    shift = evaluate_basis(lattice, grid.numpy()) @ offsets
    oracle = RBFInterpolator(knots, knots + offsets, kernel="thin_plate_spline")
    np.testing.assert_allclose(grid.numpy() + shift, oracle(grid.numpy()), atol=1e-9)


@pytest.mark.parametrize("lattice", LATTICES)
def test_spline_meets_every_fiducial(lattice):
    knots = lattice_points(*lattice).numpy()
    matrix = evaluate_basis(lattice, knots)
    np.testing.assert_allclose(matrix, np.eye(len(knots)), atol=1e-10)


def test_lattice_as_fiducials_is_the_identity_exactly():
    shift = shift_grid("tps", torch.zeros(3, 32), (4, 4), (28, 31))
    assert torch.equal(shift, torch.zeros(3, 28, 31, 2))


@pytest.mark.parametrize("lattice", LATTICES)
def test_affine_motion_is_followed_without_bending(lattice):
    knots = lattice_points(*lattice)
    motion = torch.tensor([[0.1, 0.3], [-0.2, -0.1]], dtype=torch.float64)
    offsets = knots @ motion + 0.25
    shift = shift_grid("tps", offsets.reshape(1, -1), lattice, (9, 11))
    expected = unit_grid(9, 11) @ motion + 0.25
    torch.testing.assert_close(shift[0], expected, atol=1e-11, rtol=0)
    energy = (offsets * (bending_matrix(lattice).double() @ offsets)).sum()
    assert abs(float(energy)) < 1e-5


def test_bending_energy_is_that_of_the_integral():
    """The kernel matrix form equals 1/(16 pi) of the bending integral."""
    knots = lattice_points(4, 4).numpy()
    offsets = np.zeros(16)
    offsets[5] = 0.3
    energy = offsets @ bending_matrix((4, 4)).double().numpy() @ offsets
    n, extent = 1201, 24.0  # far beyond the lattice, where curvature fades
    axis = np.linspace(-extent, extent, n)
    step = axis[1] - axis[0]
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    z = (evaluate_basis((4, 4), grid) @ offsets).reshape(n, n)
    yy, xx = np.diff(z, 2, axis=0)[:, 1:-1], np.diff(z, 2, axis=1)[1:-1]
    yx = np.diff(np.diff(z, axis=0), axis=1)
    integral = (np.square(yy).sum() + np.square(xx).sum() + 2 * np.square(yx).sum()) / (
        step**2
    )
    assert len(knots) == 16
    assert energy == pytest.approx(integral / (16 * np.pi), rel=0.03)


def test_float32_error_stays_far_below_a_pixel():
    theta = torch.randn(4, 32, dtype=torch.float64) * 0.1
    exact = shift_grid("tps", theta, (4, 4), (512, 512))
    single = shift_grid("tps", theta.float(), (4, 4), (512, 512))
    assert float((single - exact).abs().max()) * 511 / 2 < 1e-3


def test_gradient_of_the_spline():
    theta = (torch.randn(2, 18, dtype=torch.float64) * 0.1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda t: shift_grid("tps", t, (3, 3), (4, 5)), theta
    )


def test_matrix_made_while_predicting_can_be_trained_with():
    with torch.inference_mode():
        spline_matrix((3, 4), (6, 7))
    theta = torch.zeros(1, 24, requires_grad=True)
    shift_grid("tps", theta, (3, 4), (6, 7)).sum().backward()
    assert theta.grad is not None
    torch.testing.assert_close(theta.grad.sum(), torch.tensor(2.0 * 42))
