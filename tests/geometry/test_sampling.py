"""Gather and splat against direct transcriptions of Eq. 4 and 6-10, and each other."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest
import torch

from dense_transformer.errors import DivergedError
from dense_transformer.geometry import (
    cover,
    divide_by_coverage,
    gather,
    require_finite,
    share_corners,
    splat,
)
from dense_transformer.geometry.sampling import _Splat, _to_torch

IN, OUT = (5, 6), (4, 7)


@pytest.fixture
def draw():
    generator = torch.Generator().manual_seed(3)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return normal


@pytest.fixture
def points_px(draw):
    """Points all over a 5x6 map, some more than a pixel outside of it."""
    centre = torch.tensor([2.0, 2.5], dtype=torch.float64)
    return centre + 2.0 * draw(2, *OUT, 2)


def hat(points, size):
    """Return max(0, 1 - |y - n|) max(0, 1 - |x - m|), shape (b, h, w, n, m)."""
    n, m = (torch.arange(s, dtype=points.dtype) for s in size)
    y = (1 - (points[..., 0, None] - n).abs()).clamp_min(0)
    x = (1 - (points[..., 1, None] - m).abs()).clamp_min(0)
    return y[..., :, None] * x[..., None, :]


def test_gather_is_equation_4(draw, points_px):
    u = draw(2, 3, *IN)
    expected = torch.einsum("bhwnm,bcnm->bchw", hat(points_px, IN), u)
    torch.testing.assert_close(gather(u, points_px), expected, atol=1e-12, rtol=0)


def test_splat_is_equations_6_and_7(draw, points_px):
    v = draw(2, 3, *OUT)
    weights = hat(points_px, IN)
    s = weights.sum((1, 2))
    total, coverage = splat(v, points_px, IN)
    torch.testing.assert_close(coverage[:, 0], s, atol=1e-12, rtol=0)
    torch.testing.assert_close(cover(points_px, IN), s, atol=1e-12, rtol=0)
    expected = torch.einsum("bhwnm,bchw->bcnm", weights, v) / s.unsqueeze(1)
    full = (s > 0.1).unsqueeze(1).expand_as(expected)
    assert full.float().mean() > 0.5
    value = divide_by_coverage(total, coverage)
    torch.testing.assert_close(value[full], expected[full], atol=1e-12, rtol=0)


def test_gradients_are_equations_8_to_10(draw, points_px):
    v = draw(2, 1, *OUT).requires_grad_()
    points = points_px.clone().requires_grad_()
    d_u = draw(2, 1, *IN)
    total, s = splat(v, points, IN)
    safe = s.clamp_min(0.5)  # Eq. 9 where S is not small; the rule for holes is ours
    keep = (s > 0.5).double()
    (total / safe * d_u * keep).sum().backward()

    w = hat(points_px, IN)[:, None]  # (b, 1, h, w, n, m)
    d_u = (d_u * keep)[:, :, None, None]
    big_s, values = safe.detach()[:, :, None, None], v.detach()[..., None, None]
    d_v = (d_u / big_s * w).sum((-2, -1))  # Eq. 8
    d_s = -(d_u / big_s**2 * (values * w).sum((2, 3), keepdim=True))  # Eq. 9
    inner = d_u / big_s * values + d_s * (big_s > 0.5)
    n, m = (torch.arange(k, dtype=torch.float64) for k in IN)
    y, x = (
        points_px[:, None, ..., 0, None, None],
        points_px[:, None, ..., 1, None, None],
    )
    n, m = n[:, None], m[None, :]
    side_x = ((m - x).abs() < 1) * torch.where(m >= x, 1.0, -1.0)
    side_y = ((n - y).abs() < 1) * torch.where(n >= y, 1.0, -1.0)
    d_x = (inner * (1 - (y - n).abs()).clamp_min(0) * side_x).sum((1, -2, -1))  # Eq. 10
    d_y = (inner * (1 - (x - m).abs()).clamp_min(0) * side_y).sum((1, -2, -1))
    torch.testing.assert_close(v.grad, d_v, atol=1e-12, rtol=0)
    torch.testing.assert_close(points.grad[..., 1], d_x, atol=1e-11, rtol=0)
    torch.testing.assert_close(points.grad[..., 0], d_y, atol=1e-11, rtol=0)


def test_autograd_agrees_with_finite_differences(draw, points_px):
    u, v = draw(2, 2, *IN).requires_grad_(), draw(2, 2, *OUT).requires_grad_()
    points = points_px.clone().requires_grad_()
    check = partial(torch.autograd.gradcheck, fast_mode=True)
    assert check(gather, (u, points))
    assert check(lambda a, p: splat(a, p, IN), (v, points))
    assert check(lambda a, p: divide_by_coverage(*splat(a, p, IN)), (v, points))


def test_splat_is_the_adjoint_of_gather(draw, points_px):
    u, v = draw(2, 3, *IN), draw(2, 3, *OUT)
    forward = (gather(u, points_px) * v).sum()
    backward = (u * splat(v, points_px, IN)[0]).sum()
    torch.testing.assert_close(forward, backward, atol=1e-10, rtol=0)


def test_splat_conserves_mass_inside_the_map(draw):
    inside = torch.rand(2, *OUT, 2, dtype=torch.float64) * torch.tensor([4.0, 5.0])
    v = draw(2, 3, *OUT)
    total, coverage = splat(v, inside, IN)
    torch.testing.assert_close(total.sum((2, 3)), v.sum((2, 3)))
    mass = torch.full((2,), 28.0, dtype=torch.float64)
    torch.testing.assert_close(coverage.sum((1, 2, 3)), mass)


def test_points_far_outside_read_zero_and_write_nothing(draw):
    far = torch.tensor([-1.0, 2.0]).expand(1, *OUT, 2).double()
    farther = torch.tensor([1e9, -1e9]).expand(1, *OUT, 2).double()
    for points in (far, farther):
        assert not gather(draw(1, 2, *IN), points).any()
        assert not splat(draw(1, 2, *OUT), points, IN)[0].any()


def test_nearest_reads_the_closest_unit(draw):
    u = draw(1, 1, 3, 3)
    points = torch.tensor([[[[0.4, 1.6], [1.6, 0.4]]]], dtype=torch.float64)
    read = gather(u, points, kernel="nearest")
    assert read.flatten().tolist() == [u[0, 0, 0, 2].item(), u[0, 0, 2, 0].item()]


@pytest.mark.parametrize("size", [(28, 28), (7, 11), (1, 5), (33, 1)])
def test_integer_points_read_bit_for_bit(size):
    u = torch.randn(1, 4, *size)
    y, x = (torch.arange(s, dtype=torch.float32) for s in size)
    points = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)[None]
    assert torch.equal(gather(u, points), u)
    total, coverage = splat(u, points, size)
    assert torch.equal(total, u)
    assert torch.equal(coverage, torch.ones_like(coverage))


def test_gpu_kernels_give_what_the_sparse_products_give(draw, points_px):
    """The branch for GPUs runs on a CPU too; both must compute the same."""
    v, u = draw(2, 3, *OUT), draw(2, 3, *IN)
    frame = (8, 8)
    grid = _to_torch(points_px, frame)
    native = _Splat.apply(v, grid, frame)[..., : IN[0], : IN[1]]
    total, _ = splat(v, points_px, IN)
    torch.testing.assert_close(native, total, atol=1e-12, rtol=0)
    padded = torch.nn.functional.pad(u, (0, 2, 0, 3))
    read = torch.nn.functional.grid_sample(padded, grid, align_corners=False)
    torch.testing.assert_close(read, gather(u, points_px), atol=1e-12, rtol=0)


def test_on_a_unit_the_gradient_is_that_of_the_gpu_kernel(draw):
    """An identity starts there: its first step must not depend on the device."""
    u = draw(1, 3, 8, 8)
    whole = torch.tensor([[[[2.0, 3.0], [0.0, 0.0], [5.0, 6.0]]]]).double()
    ours, native = (whole.clone().requires_grad_() for _ in range(2))
    grid = _to_torch(native, (8, 8))
    read = torch.nn.functional.grid_sample(u, grid, align_corners=False)
    slopes = draw(1, 3, 1, 3)
    (read * slopes).sum().backward()
    (gather(u, ours) * slopes).sum().backward()
    torch.testing.assert_close(ours.grad, native.grad, atol=1e-12, rtol=0)


def test_shared_corners_change_nothing_but_the_time(draw, points_px):
    u, v = draw(2, 3, *IN), draw(2, 3, *OUT)
    grads = []
    for shared in (False, True):
        points = points_px.clone().requires_grad_()
        corners = share_corners(points, IN) if shared else None
        read = gather(u, points, corners=corners)
        total, coverage = splat(v, points, IN, corners=corners)
        alone = cover(points.detach(), IN, corners=corners)
        assert torch.equal(alone, coverage[:, 0])
        (read.sum() + (total * u).sum() + (coverage**2).sum()).backward()
        grads.append((points.grad, read, total))
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=0)


def test_gradient_of_the_coverage_alone(points_px):
    points = points_px.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda p: cover(p, IN), points)


def test_gradient_of_the_gpu_kernel(points_px, draw):
    v = draw(2, 2, *OUT).requires_grad_()
    grid = _to_torch(points_px, (8, 8)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, g: _Splat.apply(a, g, (8, 8)), (v, grid))


def test_half_precision_values_are_sampled_in_float32(points_px):
    v = torch.randn(2, 3, *OUT).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        total, coverage = splat(v, points_px.float(), IN)
        read = gather(torch.randn(2, 3, *IN).bfloat16(), points_px.float())
    assert total.dtype == coverage.dtype == torch.float32
    assert read.dtype == torch.bfloat16
    torch.testing.assert_close(total, splat(v.float(), points_px.float(), IN)[0])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_fiducial_that_is_no_number_is_refused(bad):
    fiducials = torch.zeros(2, 16, 2)
    require_finite(fiducials, 4)
    fiducials[1, 3, 0] = bad
    with pytest.raises(DivergedError, match="level 4"):
        require_finite(fiducials, 4)


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_point_that_is_no_number_never_crashes_the_process(bad):
    """In a process of its own: a crash would end the tests."""
    code = (
        "import torch; from dense_transformer.errors import DivergedError\n"
        "from dense_transformer.geometry import gather, splat\n"
        f"p = torch.full((1, 9, 9, 2), float('{bad}'))\n"
        "for work in (lambda: gather(torch.ones(1, 2, 9, 9), p),"
        " lambda: splat(torch.ones(1, 2, 9, 9), p, (9, 9))):\n"
        "    try: work()\n"
        "    except DivergedError: continue\n"
        "    raise SystemExit('not refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_repeats_are_equal_bit_for_bit():
    torch.manual_seed(0)
    v, points = torch.randn(2, 64, 28, 28), torch.rand(2, 28, 28, 2) * 27
    runs = []
    for _ in range(3):
        a, p = v.clone().requires_grad_(), points.clone().requires_grad_()
        value = divide_by_coverage(*splat(a, p, (28, 28), deterministic=True))
        (gather(value, p, deterministic=True) ** 2).sum().backward()
        runs.append((value.detach(), a.grad, p.grad))
    for other in runs[1:]:
        assert all(torch.equal(x, y) for x, y in zip(runs[0], other, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_gpu_gives_what_the_cpu_gives(draw, points_px):
    u, v = draw(2, 3, *IN), draw(2, 3, *OUT)
    for deterministic in (False, True):
        on_gpu = gather(u.cuda(), points_px.cuda(), deterministic=deterministic).cpu()
        torch.testing.assert_close(on_gpu, gather(u, points_px))
        total = splat(v.cuda(), points_px.cuda(), IN, deterministic=deterministic)[0]
        torch.testing.assert_close(total.cpu(), splat(v, points_px, IN)[0])
