"""The numbers of a level, each against a warp whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from known_warps import affine, make_warp, shift
from scipy.interpolate import RBFInterpolator

from dense_transformer.config import TransformerConfig
from dense_transformer.inspection import Chain, measure_levels, offset_bound
from dense_transformer.inspection.numbers import lattice_shape
from dense_transformer.types import Warp

ASIDE = (40, 24, 104, 120)
MIDDLE = (7.5, 11.5)


def test_a_translation_in_pixels_and_nanometres():
    warps = [make_warp(shift(1.5, -2), 3, box) for box in (ASIDE, (0, 0, 64, 96))]
    (numbers,) = measure_levels(warps, pixel_nm=(10.0, 4.0))
    assert numbers.tiles == 2
    assert numbers.mean_px == pytest.approx(10)  # 6, -8
    assert numbers.largest_px == pytest.approx(10)
    assert numbers.own_mean_px == pytest.approx(10)
    assert numbers.mean_nm == pytest.approx(math.hypot(60, 32))
    assert numbers.folded == 0
    assert numbers.bending == 0
    assert math.isnan(numbers.saturation)
    assert math.isnan(measure_levels(warps)[0].mean_nm)


def test_magnifying_by_two():
    warp = make_warp(affine([[0.5, 0], [0, 0.5]], MIDDLE), scale=(2.0, 2.0))
    (numbers,) = measure_levels([warp])
    y, x = np.mgrid[-7.5:8, -11.5:12] * 4 * 2 / 2  # half of the way to the middle
    assert numbers.mean_px == pytest.approx(np.hypot(y, x).mean())
    assert numbers.largest_px == pytest.approx(np.hypot(30, 46))
    assert numbers.coverage_mean == pytest.approx(1)
    assert numbers.coverage_smallest == 0
    assert numbers.holes == pytest.approx((warp.coverage < 0.1).mean())
    assert numbers.outside == 0


def test_nested_displacements_add_up_in_the_image_and_own_ones_dont():
    warps = [make_warp(shift(4, 0), 2), make_warp(shift(1, 0), 4)]
    shallow, deep = measure_levels(warps)
    assert (shallow.level, deep.level) == (2, 4)
    assert (shallow.mean_px, shallow.own_mean_px) == pytest.approx((8, 8))
    assert (deep.mean_px, deep.own_mean_px) == pytest.approx((16, 8))


def test_folds_are_the_share_of_cells():
    def fold(units):
        y = units[..., :1]
        return np.concatenate([np.where(y < 9.5, y, 18 - y), units[..., 1:]], -1)

    (numbers,) = measure_levels([make_warp(fold)])
    assert numbers.folded == pytest.approx(6 / 15)


def test_fiducials_outside_the_tile_or_the_image():
    """Two of four corners are moved up, out of a tile that lies within the image."""
    warp = make_warp(shift(-1, 0), tile_px=ASIDE)
    assert measure_levels([warp])[0].outside == pytest.approx(0.5)
    assert measure_levels([warp], image_size=(400, 400))[0].outside == 0
    assert measure_levels([warp], image_size=(104, 110))[0].outside == 0.5


def test_saturation_is_measured_in_the_frame_of_the_level():
    """A unit frame of 16 units, not of 64 px: a share of 0.952 is not one of 0.94."""
    config = TransformerConfig(level=3, family="translation", reach=0.45)
    bound = 0.45 * 2 / 3
    assert offset_bound(config) == pytest.approx((bound, bound))
    for share, stuck in ((0.94, 0.0), (0.96, 0.5)):
        by = share * bound * 15 / 2  # half the extent of 16 units
        warp = make_warp(shift(by, 0), family="translation")
        (numbers,) = measure_levels([warp], [config])
        assert numbers.saturation == stuck


def spline(offsets_unit: np.ndarray, lattice=(3, 4)):
    """Return the thin-plate spline through a lattice, by scipy; 16 x 24 units."""
    half = np.array([7.5, 11.5])
    knots = np.stack(
        np.meshgrid(*(np.linspace(-1, 1, n) for n in lattice), indexing="ij"), -1
    ).reshape(-1, 2)
    rbf = RBFInterpolator(knots, offsets_unit, kernel="thin_plate_spline")

    def read(units: np.ndarray) -> np.ndarray:
        unit = (units / half - 1).reshape(-1, 2)
        return (unit + rbf(unit) + 1).reshape(units.shape) * half

    return knots, read


def test_a_splines_bending_energy_is_that_of_its_weights():
    """Energy = w^T K w, here by solving for the weights with numpy."""
    offsets = np.random.default_rng(0).normal(0, 0.1, (12, 2))
    knots, read = spline(offsets)
    warp = make_warp(read, 3, ASIDE, family="tps", lattice=(3, 4))
    squared = np.square(knots[:, None] - knots).sum(-1)
    kernel = squared * np.log(np.where(squared > 0, squared, 1))
    plane = np.concatenate([np.ones((12, 1)), knots], 1)
    system = np.block([[kernel, plane], [plane.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.concatenate([offsets, np.zeros((3, 2))]))[:12]
    energy = (weights * (kernel @ weights)).sum()
    (numbers,) = measure_levels([warp])
    assert numbers.bending == pytest.approx(energy, rel=1e-4)


def test_an_affine_spline_bends_nothing():
    warp = make_warp(
        affine([[0.8, 0.1], [0, 1.1]], MIDDLE), family="tps", lattice=(4, 4)
    )
    assert measure_levels([warp])[0].bending == pytest.approx(0, abs=1e-6)


def test_a_splines_saturation_counts_its_coordinates():
    config = TransformerConfig(level=3, lattice=(3, 4), reach=0.45)
    bound = 0.45 * 2 / np.array([2, 3])
    assert offset_bound(config) == pytest.approx(tuple(bound))
    offsets = np.zeros((12, 2))
    offsets[0] = 0.97 * bound
    offsets[1, 0] = -0.97 * bound[0]
    offsets[2] = 0.93 * bound
    _, read = spline(offsets)
    warp = make_warp(read, 3, ASIDE, family="tps", lattice=(3, 4))
    assert measure_levels([warp], [config])[0].saturation == pytest.approx(3 / 24)


def test_no_warps_have_no_numbers():
    assert measure_levels([]) == ()


def test_the_composed_spline_of_a_chain_is_scipys():
    offsets = np.random.default_rng(1).normal(0, 0.1, (12, 2))
    knots, read = spline(offsets)
    chain = Chain((make_warp(read, 3, ASIDE, family="tps", lattice=(3, 4)),))
    units = (knots + offsets + 1) * [7.5, 11.5]
    expected = (units + 0.5) * 4 - 0.5 + ASIDE[:2]
    np.testing.assert_allclose(chain.fiducials_px(), expected, atol=1e-5)
    assert isinstance(chain.warp(), Warp)


@pytest.mark.parametrize("shape", [(2, 2), (4, 4), (3, 5), (32, 2)])
def test_a_lattice_is_told_by_its_places(shape):
    lattice = make_warp(shift(0, 0), lattice=shape).lattice
    assert lattice_shape(lattice) == shape
    flat = lattice * [0, 1]  # on a map one unit high all rows lie on each other
    assert lattice_shape(flat) == shape
    assert lattice_shape(lattice * [1, 0]) == shape


def test_a_spline_on_a_map_one_unit_high_is_measured_too():
    warp = make_warp(shift(0, 0.5), 5, (0, 0, 16, 96), family="tps", lattice=(4, 4))
    (numbers,) = measure_levels([warp], [TransformerConfig(level=5)])
    assert numbers.mean_px == pytest.approx(8)
    assert numbers.bending == pytest.approx(0, abs=1e-6)
    assert math.isnan(numbers.folded)
