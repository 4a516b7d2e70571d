"""Figures of warps whose answer is known beforehand."""

import numpy as np
import pytest
import torch

from dense_transformer.config import TransformerConfig
from dense_transformer.errors import DataError
from dense_transformer.evaluation import measure_health
from dense_transformer.evaluation.parameters import (
    parameter_limits,
    recover_parameters,
)
from dense_transformer.geometry import (
    lattice_points,
    parameter_bounds,
    parameter_count,
    shift_grid,
    shift_points,
    unit_grid,
)
from dense_transformer.nn import TransformerPair
from dense_transformer.types import Warp

LATTICE = lattice_points(4, 4).float().numpy()
GRID = unit_grid(9, 7).float().numpy()


def warp(
    shift=(0.0, 0.0), *, level=4, family="tps", points=None, coverage=None, **more
):
    """Return a warp that moves everything by `shift`, unless told otherwise."""
    return Warp(
        level,
        family,
        LATTICE.copy(),
        more.get("fiducials", LATTICE + np.float32(shift)),
        GRID + np.float32(shift) if points is None else points,
        np.ones((9, 7), np.float32) if coverage is None else coverage,
        (0, 0, 9, 7),
    )


def only(warps, bound=(0.3, 0.3), **options):
    (health,) = measure_health(warps, bound, **options)
    return health


def test_the_identity_is_healthy_and_still():
    got = only([warp(), warp()])
    assert (got.level, got.tiles) == (4, 2)
    assert (got.shift, got.largest_shift, got.saturation) == (0, 0, 0)
    assert (got.spread, got.folded, got.coverage_mean, got.holes) == (0, 0, 1, 0)


def test_a_constant_warp_for_all_tiles_has_spread_zero_but_its_shift():
    got = only([warp((0.03, 0.04))] * 3)
    assert got.shift == pytest.approx(0.05, abs=1e-7)
    assert got.largest_shift == pytest.approx(0.05, abs=1e-7)
    assert got.spread == 0


def test_spread_is_the_root_mean_square_distance_from_the_mean_warp():
    # At +(.03, .04) and -(.03, .04) every fiducial is .05 from its mean.
    got = only([warp((0.03, 0.04)), warp((-0.03, -0.04))])
    assert got.spread == pytest.approx(0.05, abs=1e-7)
    # One of four at (.4, 0), the others at 0: mean .1; sqrt((.3^2 + 3 * .1^2) / 4).
    got = only([warp((0.4, 0.0)), warp(), warp(), warp()])
    assert got.spread == pytest.approx(np.sqrt(0.03), abs=1e-7)
    assert got.largest_shift == pytest.approx(0.4, abs=1e-7)
    assert got.shift == pytest.approx(0.1, abs=1e-7)


def test_the_spread_of_one_tile_is_unknown():
    assert np.isnan(only([warp((0.1, 0.1))]).spread)


def test_saturation_is_the_share_of_coordinates_beyond_95_percent_of_the_bound():
    fiducials = LATTICE.copy()
    fiducials[:3, 0] += 0.29  # beyond .95 * .3 = .285
    fiducials[3, 1] -= 0.29
    fiducials[4:, 1] += 0.28  # not beyond
    assert only([warp(fiducials=fiducials)]).saturation == 4 / 32
    # Each axis has its own bound.
    assert only([warp((0.2, 0.2))], (0.2, 0.3)).saturation == 0.5


def test_in_the_absolute_form_the_coordinates_themselves_are_bounded():
    # Of the 4x4 lattice's 32 coordinates 8 are 1 and 8 are -1; + .06 takes 8 out.
    # The bound is 1 / 0.9: 95 % of it is 1.0556.
    assert only([warp((0.055, 0.055))], (1, 1), absolute=True).saturation == 0
    moved = only([warp((0.056, 0.056))], (1, 1), absolute=True)
    assert moved.saturation == 8 / 32
    assert only([warp((9, 9), family="affine")], absolute=True).saturation == 0


def test_a_mirrored_half_is_folded():
    points = GRID.copy()
    points[:, :, 0] = np.abs(points[:, :, 0]) - 1.0  # the upper half is turned over
    assert only([warp(points=points)]).folded == 0.5
    turned = GRID[::-1].copy()
    assert only([warp(points=turned), warp()]).folded == 0.5
    assert only([warp(points=GRID * np.float32([0, 1]))]).folded == 1.0  # flat counts


def test_a_map_one_unit_wide_has_no_folds_to_speak_of():
    points = unit_grid(5, 1).float().numpy()
    assert np.isnan(only([warp(points=points)]).folded)


def test_coverage_and_holes_are_shares_of_all_units_of_all_tiles():
    holed = np.full((10, 10), 1.5, np.float32)
    holed[0] = 0.05  # below what the decoder fills
    full = np.ones((10, 20), np.float32)
    got = only([warp(coverage=holed), warp(coverage=full)])
    assert got.coverage_mean == pytest.approx((135.5 + 200) / 300, abs=1e-6)
    assert got.holes == pytest.approx(10 / 300)


def test_levels_come_in_order_each_with_its_own_bound():
    warps = [warp((0.2, 0.2), level=4), warp((0.2, 0.2), level=2), warp(level=4)]
    got = measure_health(warps, {2: (0.2, 0.2), 4: (0.5, 0.5)})
    assert [(h.level, h.tiles, h.saturation) for h in got] == [(2, 1, 1), (4, 2, 0)]
    with pytest.raises(DataError, match="level 4"):
        measure_health(warps, {2: (0.2, 0.2)})


def test_no_warps_give_no_figures():
    assert measure_health([], (1, 1)) == ()


def test_warps_of_two_networks_are_not_mixed():
    with pytest.raises(DataError, match="16 fiducials and of tps with 9"):
        measure_health([warp(), warp(fiducials=LATTICE[:9])], (1, 1))
    with pytest.raises(DataError, match="affine"):
        measure_health([warp(), warp(family="affine")], (1, 1))


@pytest.mark.parametrize("family", ["translation", "attention", "affine", "projective"])
def test_parameters_are_read_back_from_the_fiducials(family):
    theta = 0.15 * torch.randn(
        5, parameter_count(family, (4, 4)), generator=torch.Generator().manual_seed(0)
    )
    theta = theta.double()
    lattice = lattice_points(4, 4).double()
    moved = lattice + shift_points(family, theta, lattice)
    got = recover_parameters(family, lattice.numpy(), moved.numpy())
    np.testing.assert_allclose(got, theta.numpy(), atol=1e-12)


@pytest.mark.parametrize("family", ["translation", "attention", "affine", "projective"])
@pytest.mark.parametrize("reach", [0.1, 0.45, 2.0])
def test_the_limits_are_those_that_the_network_is_bounded_by(family, reach):
    bounds = parameter_bounds(family, (4, 4), reach).numpy()
    limits = parameter_limits(family, (float(bounds[0]), float(bounds[1])))
    np.testing.assert_array_equal(limits.astype(np.float32), bounds)


@pytest.mark.parametrize(
    "family", ["translation", "attention", "affine", "projective", "tps"]
)
@pytest.mark.parametrize("parametrisation", ["offset", "absolute"])
def test_a_network_driven_to_its_bounds_is_seen_and_a_mild_one_is_not(
    family, parametrisation
):
    config = TransformerConfig(level=1, family=family, parametrisation=parametrisation)
    pair = TransformerPair(2, config)
    features = torch.rand(3, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    absolute = parametrisation == "absolute"
    shares = {}
    for drive in (1e-3, 1e6):
        with torch.no_grad():
            pair.localisation.head.weight.normal_(0, 1)
            if absolute and family != "tps":
                drive = 1e-3  # it has no bound, and its coordinates would overflow
            pair.localisation.head.weight.mul_(drive)
            _, trace = pair.encode(features)
        warps = [
            Warp(
                1,
                family,
                trace.lattice.numpy().copy(),
                trace.fiducials[i].numpy().copy(),
                trace.points[i].numpy().copy(),
                trace.coverage[i].numpy().copy(),
                (0, 0, 16, 16),
            )
            for i in range(3)
        ]
        shares[drive] = only(warps, trace.bound, absolute=absolute).saturation
    assert shares[1e-3] == 0
    if not absolute or family == "tps":
        assert shares[1e6] > 0.95


def test_a_swirl_of_the_right_strength_folds_where_a_weak_one_does_not():
    y, x = torch.meshgrid(*[torch.linspace(-1, 1, 41)] * 2, indexing="ij")
    moves = {}
    for strength in (0.1, 0.6):
        points = torch.stack([y + strength * torch.sin(torch.pi * y), x], -1)
        # dT/dy = 1 + strength pi cos(pi y): negative around |y| = 1 if > 1 / pi.
        moves[strength] = only([warp(points=points.numpy())]).folded
    assert moves[0.1] == 0
    expected = 1 - np.arccos(-1 / (0.6 * np.pi)) / np.pi
    assert moves[0.6] == pytest.approx(expected, abs=0.03)


def test_a_real_spline_that_collapses_two_rows_is_folded():
    offsets = torch.zeros(1, 4, 4, 2)
    offsets[:, 1, :, 0] = 0.5  # the second row moves beyond the third,
    offsets[:, 2, :, 0] = -0.5  # which moves up
    shift = shift_grid("tps", offsets.reshape(1, -1), (4, 4), (16, 16))
    points = (unit_grid(16, 16).float() + shift[0]).numpy()
    assert only([warp(points=points)]).folded > 0.2
