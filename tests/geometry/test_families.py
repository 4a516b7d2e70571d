"""Each family against a transformation done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from dense_transformer.errors import ConfigError
from dense_transformer.geometry import (
    parameter_bounds,
    parameter_count,
    shift_grid,
    shift_points,
    unit_grid,
)

FAMILIES = ["translation", "attention", "affine", "projective", "tps"]
SIZE = (6, 9)


@pytest.mark.parametrize("family", FAMILIES)
def test_zero_parameters_are_the_identity_exactly(family):
    theta = torch.zeros(2, parameter_count(family, (4, 4)))
    assert not shift_grid(family, theta, (4, 4), SIZE).any()


def _moved(family, theta):
    grid = unit_grid(*SIZE)
    return grid + shift_grid(family, torch.tensor([theta]).double(), (4, 4), SIZE)[0]


def test_translation_moves_every_unit_alike():
    moved = _moved("translation", [0.5, -0.25])
    torch.testing.assert_close(moved, unit_grid(*SIZE) + torch.tensor([0.5, -0.25]))


def test_attention_scales_about_the_centre_then_moves():
    moved = _moved("attention", [-0.5, 0.1, 0.2])
    expected = 0.5 * unit_grid(*SIZE) + torch.tensor([0.1, 0.2])
    torch.testing.assert_close(moved, expected, check_dtype=False)


def test_affine_turns_by_a_quarter():
    turn = [-1.0, -1.0, 0.0, 1.0, -1.0, 0.0]  # y' = -x, x' = y
    moved = _moved("affine", turn)
    grid = unit_grid(*SIZE)
    torch.testing.assert_close(moved, torch.stack([-grid[..., 1], grid[..., 0]], -1))


def test_projective_is_a_homography():
    theta = [0.1, -0.2, 0.05, 0.15, -0.1, 0.02, 0.12, -0.07]
    matrix = torch.tensor(
        [[1.1, -0.2, 0.05], [0.15, 0.9, 0.02], [0.12, -0.07, 1.0]], dtype=torch.float64
    )
    grid = unit_grid(*SIZE)
    lifted = torch.cat([grid, torch.ones_like(grid[..., :1])], -1) @ matrix.T
    expected = lifted[..., :2] / lifted[..., 2:]
    torch.testing.assert_close(_moved("projective", theta), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradient_of_every_family(family):
    count = parameter_count(family, (3, 3))
    theta = (torch.randn(2, count, dtype=torch.float64) * 0.1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda t: shift_grid(family, t, (3, 3), (3, 4)), theta
    )


def test_spline_may_move_by_reach_spacings():
    bounds = parameter_bounds("tps", (4, 3), 0.45)
    assert bounds[0] == pytest.approx(0.45 * 2 / 3)  # y: 4 rows
    assert bounds[1] == pytest.approx(0.45 * 2 / 2)  # x: 3 columns


@pytest.mark.parametrize("reach", [0.01, 0.45, 2.0])
def test_bounded_projection_keeps_its_denominator_positive(reach):
    y, x = parameter_bounds("projective", (4, 4), reach)[6:].tolist()
    assert 1.0 - y - x > 0.05
    assert math.isfinite(y)


def test_family_without_closed_form_is_refused():
    with pytest.raises(ConfigError, match="shift_grid"):
        shift_points("tps", torch.zeros(1, 32), unit_grid(2, 2).float())
