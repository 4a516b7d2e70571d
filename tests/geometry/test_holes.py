"""Holes of the decoder: filled smoothly, and Eq. 7 untouched elsewhere."""

from __future__ import annotations

import torch

from dense_transformer.geometry import HOLE, divide_by_coverage, splat


def grid_px(h, w):
    y, x = torch.meshgrid(
        torch.arange(h, dtype=torch.float64),
        torch.arange(w, dtype=torch.float64),
        indexing="ij",
    )
    return torch.stack([y, x], -1)


def test_magnified_ramp_is_restored_across_its_holes():
    """Points three pixels apart leave 8 of 9 units empty; a ramp shows any seam."""
    points = (grid_px(12, 12) * 3)[None]
    v = points.permute(0, 3, 1, 2)  # the value is the place
    total, coverage = splat(v, points, (34, 34))
    assert (coverage < HOLE).double().mean() > 0.8
    value = divide_by_coverage(total, coverage)
    error = (value[0].permute(1, 2, 0) - grid_px(34, 34)).abs()
    assert torch.isfinite(value).all()
    assert error[6:-6, 6:-6].max() < 2.0  # within a spacing of the truth


def test_constant_stays_constant_however_large_the_hole():
    points = (grid_px(4, 4) + 2.0)[None]
    total, coverage = splat(torch.full((1, 2, 4, 4), 7.0).double(), points, (40, 50))
    value = divide_by_coverage(total, coverage)
    torch.testing.assert_close(value, torch.full_like(value, 7.0))


def test_map_without_any_coverage_is_zero_not_nan():
    nothing = torch.zeros(1, 2, 5, 5)
    assert not divide_by_coverage(nothing, nothing[:, :1]).any()


def test_well_covered_units_are_equation_7_exactly():
    coverage = torch.rand(1, 1, 8, 8) + HOLE
    coverage[..., 0, 0] = 0.0
    total = torch.randn(1, 3, 8, 8) * (coverage > 0)
    value, full = (
        divide_by_coverage(total, coverage),
        (coverage >= HOLE).expand(1, 3, 8, 8),
    )
    assert torch.equal(value[full], (total * (1.0 / coverage.clamp_min(HOLE)))[full])


def test_value_and_slope_have_no_seam_where_a_hole_begins():
    def value_at(s):
        coverage = torch.ones(1, 1, 4, 4, dtype=torch.float64)
        total = torch.full((1, 1, 4, 4), 2.0, dtype=torch.float64)
        coverage[..., 1, 1], total[..., 1, 1] = s, 5.0 * s  # its own value is 5
        coverage[..., 3, 3], total[..., 3, 3] = 0.0, 0.0  # keeps the filling on
        return float(divide_by_coverage(total, coverage)[0, 0, 1, 1])

    step = 1e-4
    below = (value_at(HOLE) - value_at(HOLE - step)) / step
    above = (value_at(HOLE + step) - value_at(HOLE)) / step
    assert value_at(HOLE) == 5.0
    assert abs(below - above) < 0.2  # 30 per unit of S half way down
    assert abs(value_at(HOLE / 2) - value_at(HOLE / 2 + step)) / step > 10


def test_gradient_stays_small_where_coverage_is_tiny():
    points = (grid_px(3, 3) * 2.0)[None] + torch.tensor([1 - 1e-9, 0.0])
    v = torch.randn(1, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    points = points.requires_grad_()
    divide_by_coverage(*splat(v, points, (6, 6))).square().sum().backward()
    assert points.grad.abs().max() < 100.0 * float(v.detach().abs().max()) ** 2
