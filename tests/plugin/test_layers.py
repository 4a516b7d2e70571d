"""Predictions as layers: what they hold and where it lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_core import SHIFT_PX, TILE, fake_prediction
from napari.layers import Image

from napari_dtn.boundaries import mark_boundaries
from napari_dtn.layers import describe
from napari_dtn.placement import make_layer
from napari_dtn.sources import read_source
from napari_dtn.warp_layers import ARROWS

RNG = np.random.default_rng(0)


def specs_of(shape=(96, 128), sections=(0,), **options):
    layer = Image(np.zeros(shape, np.uint8), name="em", **options)
    source = read_source(layer, (0.0,) * layer.ndim)
    plane = shape[-2:]
    results = [(z, fake_prediction(RNG.random(plane, np.float32))) for z in sections]
    found = describe(results, source)
    return layer, {spec.role: spec for spec in found}, results


def test_every_result_is_named_after_the_image():
    _, specs, _ = specs_of()
    assert {spec.name for spec in specs.values()} == {
        "em boundary probability",
        "em boundaries",
        "em coverage S level 4",
        "em displacement level 4",
        "em warped grid level 4",
        "em lattice level 4",
        "em fiducials level 4",
    }


def test_model_of_roads_names_its_layers_after_roads():
    layer = Image(np.zeros((32, 32)), name="street")
    road = replace(fake_prediction(np.zeros((32, 32), "f4")), classes=("other", "road"))
    names = {s.name for s in describe([(0, road)], read_source(layer, (0, 0)))}
    assert {"street road probability", "street road"} < names
    assert not any("bound" in name for name in names)


def test_plain_network_gives_probability_and_boundaries_alone():
    layer = Image(np.zeros((32, 32)), name="em")
    full = fake_prediction(np.zeros((32, 32), np.float32))
    plain = type(full)(
        full.probability, full.labels, (), (), full.classes, full.device, "em"
    )
    found = describe([(0, plain)], read_source(layer, (0, 0)))
    assert [spec.role for spec in found] == ["boundary probability", "boundaries"]


def test_unit_of_coverage_covers_the_pixels_it_stands_for():
    layer, specs, _ = specs_of((96, 128), scale=(4, 4), translate=(10, 20))
    coverage = make_layer(specs["coverage S level 4"], "id")
    assert coverage.data.shape == (12, 16)
    # Eight pixels a unit: the first unit's outer edge is the first pixel's.
    np.testing.assert_allclose(
        coverage.data_to_world((-0.5, -0.5)), layer.data_to_world((-0.5, -0.5))
    )
    np.testing.assert_allclose(
        coverage.data_to_world((11.5, 15.5)), layer.data_to_world((95.5, 127.5))
    )


def test_fiducials_are_their_lattice_points_moved_by_the_warp():
    _, specs, _ = specs_of()
    lattice, fiducials = specs["lattice level 4"], specs["fiducials level 4"]
    np.testing.assert_allclose(lattice.data[0], (0, 0), atol=1e-4)
    np.testing.assert_allclose(lattice.data[-1], (TILE - 1, TILE - 1), atol=1e-4)
    np.testing.assert_allclose(
        fiducials.data - lattice.data, np.tile(SHIFT_PX, (16, 1)), atol=1e-3
    )
    for spec in (lattice, fiducials):
        np.testing.assert_array_equal(spec.features["pair"], np.arange(16))
        np.testing.assert_allclose(
            spec.features["shift_px"], np.hypot(*SHIFT_PX), atol=1e-3
        )


def test_arrows_start_at_units_and_are_as_long_as_the_displacement():
    _, specs, _ = specs_of()
    arrows = specs["displacement level 4"]
    np.testing.assert_allclose(arrows.data[0, 0], (3.5, 3.5))
    np.testing.assert_allclose(arrows.data[:, 1], np.tile(SHIFT_PX, (192, 1)))
    np.testing.assert_allclose(arrows.features["length_px"], np.hypot(*SHIFT_PX), 1e-6)


def test_grid_joins_neighbours_where_the_warp_moves_them():
    _, specs, _ = specs_of()
    lines = specs["warped grid level 4"].data
    assert len(lines) == 6 * 15 + 11 * 8  # every other line, every unit along it
    np.testing.assert_allclose(lines[0, 0], np.array([3.5, 3.5]) + SHIFT_PX)
    assert {tuple(d) for d in np.round(lines[:, 1], 4)} == {(0.0, 8.0), (8.0, 0.0)}


def test_large_images_have_no_more_arrows_than_can_be_seen():
    _, specs, _ = specs_of((1024, 1536))
    assert len(specs["displacement level 4"].data) <= ARROWS
    assert len(specs["warped grid level 4"].data) <= 2 * ARROWS


def test_section_of_a_stack_lies_at_its_depth():
    layer, specs, _ = specs_of((5, 32, 48), sections=(3,), scale=(50, 4, 4))
    probability = make_layer(specs["boundary probability"], "id")
    assert probability.data.shape == (1, 32, 48)
    np.testing.assert_allclose(
        probability.data_to_world((0, 0, 0)), layer.data_to_world((3, 0, 0))
    )
    assert set(specs["fiducials level 4"].data[:, 0]) == {3.0}
    assert set(specs["displacement level 4"].data[:, 0, 0]) == {3.0}
    assert set(specs["displacement level 4"].data[:, 1, 0]) == {0.0}


def test_all_sections_make_one_stack():
    _, specs, results = specs_of((3, 32, 48), sections=(0, 1, 2))
    stack = specs["boundary probability"].data
    for z, result in results:
        np.testing.assert_array_equal(stack[z], result.probability)
    assert set(specs["fiducials level 4"].data[:, 0]) == {0.0, 1.0, 2.0}


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_boundaries_are_where_the_probability_reaches_the_threshold(threshold):
    values = np.linspace(0, 1, 11, dtype=np.float32)
    out = np.empty(11, np.uint8)
    mark_boundaries(values, threshold, out)
    expected = [int(v >= threshold - 1e-6) for v in np.arange(11) / 10]
    assert out.tolist() == expected


def test_small_probability_maps_are_cut_at_the_same_share():
    values = np.arange(256, dtype=np.uint8)
    out = np.empty(256, np.uint8)
    mark_boundaries(values, 0.5, out)
    assert out.sum() == 128
    assert out[128] == 1
    assert out[127] == 0
