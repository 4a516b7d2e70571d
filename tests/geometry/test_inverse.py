"""The exact decoder: T of the inverse is the identity, and gradients flow."""

from __future__ import annotations

import torch

from dense_transformer.geometry import (
    gather,
    invert_points,
    jacobian_determinant,
    shift_grid,
    to_px,
    to_unit,
    unit_grid,
)


def warped_px(seed, size, strength=0.1):
    torch.manual_seed(seed)
    theta = torch.randn(2, 32, dtype=torch.float64) * strength
    return to_px(unit_grid(*size) + shift_grid("tps", theta, (4, 4), size), size)


def test_inverse_then_forward_is_where_we_started():
    size = (28, 33)
    points = warped_px(0, size)
    back = invert_points(points, size)
    again = gather(points.permute(0, 3, 1, 2), back).permute(0, 2, 3, 1)
    y, x = (torch.arange(n, dtype=torch.float64) for n in size)
    here = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)
    last = torch.tensor([size[0] - 1.0, size[1] - 1.0])
    inside = ((back > 1e-9) & (back < last - 1e-9)).all(-1)
    assert inside.double().mean() > 0.7
    assert (again - here).abs().amax(-1)[inside].max() < 1e-9


def test_translation_is_undone_by_its_opposite():
    size = (6, 7)
    y, x = (torch.arange(n, dtype=torch.float64) for n in size)
    here = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)[None]
    back = invert_points(here + torch.tensor([1.0, 2.0]), size)
    torch.testing.assert_close(
        back[:, 2:, 3:], (here - torch.tensor([1.0, 2.0]))[:, 2:, 3:]
    )


def test_smooth_map_is_restored_better_than_by_splatting():
    from dense_transformer.geometry import divide_by_coverage, splat

    size = (40, 40)
    points = warped_px(1, size)
    grid = unit_grid(*size)
    u = torch.sin(3 * grid[..., 0] + 2 * grid[..., 1])[None, None].expand(2, 1, *size)
    warped = gather(u, points)
    exact = gather(warped, invert_points(points, size))
    splatted = divide_by_coverage(*splat(warped, points, size))
    middle = (..., slice(8, -8), slice(8, -8))
    error_exact = (exact - u)[middle].abs().mean()
    error_splat = (splatted - u)[middle].abs().mean()
    assert error_exact < 0.5 * error_splat


def test_gradient_is_that_of_the_implicit_function():
    size = (6, 6)
    points = warped_px(2, size, 0.03).requires_grad_()
    u = torch.randn(2, 1, *size, dtype=torch.float64)
    inner = (..., slice(2, 4), slice(2, 4))
    work = lambda p: gather(u, invert_points(p, size))[inner]  # noqa: E731
    assert torch.autograd.gradcheck(work, points, eps=1e-7, atol=1e-5)


def test_determinant_of_known_warps():
    grid = unit_grid(9, 7)[None]
    ones = torch.ones(1, 8, 6, dtype=torch.float64)
    torch.testing.assert_close(jacobian_determinant(grid), ones)
    torch.testing.assert_close(jacobian_determinant(2 * grid + 0.3), 4 * ones)
    torch.testing.assert_close(
        jacobian_determinant(grid * torch.tensor([1.0, -1.0])), -ones
    )


def test_frames_convert_back_and_forth():
    points = torch.randn(3, 4, 2, dtype=torch.float64)
    torch.testing.assert_close(to_unit(to_px(points, (9, 5)), (9, 5)), points)
    corners = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    assert to_px(corners, (9, 5)).tolist() == [[0, 0], [8, 4]]
    assert not to_unit(torch.tensor([[3.0, 1.0]]), (1, 1)).any()
