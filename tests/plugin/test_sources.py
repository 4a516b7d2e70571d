"""Layers as the core reads them, and where results lie in the world."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from dense_transformer.data import read_section
from napari_dtn.sources import current_index, layer_frame, layer_pixel_nm, read_source

ANGLE = 30.0


def far_layer(shape=(6, 40, 50)) -> Image:
    """Return a layer with everything set that can place it."""
    affine = np.eye(4)
    affine[:3, 3] = (7, -3, 11)
    return Image(
        np.zeros(shape, np.uint8),
        name="far",
        scale=(50, 4, 5),
        translate=(100, 20, -30),
        rotate=(0, 0, ANGLE),
        shear=(0, 0, 0.3),
        affine=affine,
        units=("nm", "nm", "nm"),
        axis_labels=("z", "y", "x"),
    )


def test_result_pixels_lie_on_the_source_pixels_they_came_from():
    layer = far_layer()
    place = layer_frame(layer).placed(offset=(3, 3.5, 3.5), pitch=(1, 8, 8))
    coarse = Image(np.zeros((1, 5, 6)), **place)
    for unit in [(0, 0, 0), (0, 2, 1), (0, 4, 5)]:
        source = np.array([3, 3.5, 3.5]) + np.array([1, 8, 8]) * unit
        np.testing.assert_allclose(
            coarse.data_to_world(unit), layer.data_to_world(source), atol=1e-9
        )
    assert coarse.units == layer.units
    assert coarse.axis_labels == layer.axis_labels


def test_turned_and_sheared_plane_keeps_its_place():
    layer = Image(np.zeros((9, 9)), scale=(2, 3), rotate=ANGLE, shear=[0.5])
    place = layer_frame(layer).placed(offset=(1.5, 2.5), pitch=(4, 6))
    coarse = Image(np.zeros((2, 2)), **place)
    np.testing.assert_allclose(
        coarse.data_to_world((1, 1)), layer.data_to_world((5.5, 8.5)), atol=1e-9
    )


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (("nm", "nm"), (4.0, 5.0)),
        (("um", "um"), (4000.0, 5000.0)),
        (("pixel", "pixel"), None),
        (("second", "nm"), None),
    ],
)
def test_pixel_size_comes_from_units_that_are_lengths(units, expected):
    layer = Image(np.zeros((4, 4)), scale=(4, 5), units=units)
    found = layer_pixel_nm(layer)
    assert found == (None if expected is None else pytest.approx(expected))


def test_current_section_follows_the_world_position():
    layer = far_layer()
    for section in range(6):
        world = layer.data_to_world((section, 20, 25))
        assert current_index(layer, world) == (section,)
    assert current_index(layer, (-1e6, 0, 0)) == (0,)
    assert current_index(layer, (1e6, 0, 0)) == (5,)


def test_section_in_view_is_found_among_layers_of_other_units():
    viewer = ViewerModel()
    stack = np.zeros((6, 8, 8), np.uint8)
    viewer.add_image(stack, scale=(50, 4, 4), units="nm", name="nm")
    viewer.add_image(stack, scale=(0.05, 0.004, 0.004), units="um", name="um")
    for step in range(6):
        viewer.dims.set_current_step(0, step)
        dims = viewer.dims
        for layer in viewer.layers:
            assert current_index(layer, dims.point, dims.units) == (step,)


def test_time_series_of_stacks_gives_the_stack_in_view():
    data = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    source = read_source(Image(data), (1, 2, 0, 0))
    assert (source.lead, source.section) == ((1,), 2)
    assert source.image.axes == "zyx"
    seen = read_section(source.image, 2, (1, 1, 3, 4))[..., 0]
    np.testing.assert_array_equal(seen, data[1, 2, 1:3, 1:4])


def test_lazy_layer_reads_only_what_is_asked_for():
    read = []

    def load(block_info=None):
        read.append(block_info[None]["chunk-location"])
        return np.zeros((1, 8, 8), np.uint8)

    data = da.map_blocks(load, chunks=((1,) * 5, (8,), (8,)), dtype=np.uint8)
    source = read_source(Image(data, contrast_limits=(0, 1)), (3, 0, 0))
    read.clear()
    read_section(source.image, 3)
    assert read == [(3, 0, 0)]


def test_pyramid_is_read_at_full_resolution():
    base = np.arange(64.0).reshape(8, 8)
    layer = Image([base, base[::2, ::2]], multiscale=True)
    source = read_source(layer, (0, 0))
    assert source.image.size == (8, 8)
    np.testing.assert_array_equal(read_section(source.image)[..., 0], base)


def test_colour_is_a_channel_not_a_section():
    layer = Image(np.zeros((7, 8, 9, 3), np.uint8), rgb=True)
    source = read_source(layer, (2, 0, 0))
    assert source.image.axes == "zyxc"
    assert source.image.channels == 3
    assert source.section == 2
