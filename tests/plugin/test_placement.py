"""Layers in a viewer: added once, updated in place, the person's changes kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_core import fake_prediction
from napari.components import ViewerModel

from napari_dtn.layers import describe
from napari_dtn.placement import find_layer, is_result, place_layer
from napari_dtn.sources import read_source

SHAPE = (64, 96)


@pytest.fixture
def viewer():
    return ViewerModel()


def specs_for(layer, value, point=(0, 0, 0)):
    source = read_source(layer, point)
    plane = np.full(source.image.size, value, np.float32)
    return describe([(source.section, fake_prediction(plane))], source)


def place_all(viewer, layer, value, point=(0, 0, 0)):
    for spec in specs_for(layer, value, point):
        place_layer(viewer, spec, layer.unique_id)


def test_second_prediction_adds_no_layer(viewer):
    image = viewer.add_image(np.zeros(SHAPE), name="em")
    place_all(viewer, image, 0.2)
    before = list(viewer.layers)
    place_all(viewer, image, 0.9)
    assert list(viewer.layers) == before
    assert len(before) == 8
    probability = find_layer(viewer.layers, image.unique_id, "boundary probability")
    assert probability.data.max() == np.float32(0.9)


def test_what_the_person_changed_stays(viewer):
    image = viewer.add_image(np.zeros(SHAPE), name="em")
    place_all(viewer, image, 0.2)
    probability = viewer.layers["em boundary probability"]
    boundaries = viewer.layers["em boundaries"]
    for layer in viewer.layers[1:]:
        layer.visible = not layer.visible
        layer.opacity = 0.31
    probability.colormap = "magma"
    boundaries.name = "mine"
    place_all(viewer, image, 0.9)
    assert probability.colormap.name == "magma"
    assert boundaries.name == "mine"
    assert not probability.visible
    assert viewer.layers["em fiducials level 4"].visible
    assert {layer.opacity for layer in viewer.layers[1:]} == {0.31}


def test_each_image_has_its_own_results(viewer):
    first = viewer.add_image(np.zeros(SHAPE), name="em")
    second = viewer.add_image(np.zeros(SHAPE), name="em")
    place_all(viewer, first, 0.2)
    place_all(viewer, second, 0.9)
    values = [
        find_layer(viewer.layers, image.unique_id, "boundary probability").data.max()
        for image in (first, second)
    ]
    assert values == [np.float32(0.2), np.float32(0.9)]


def test_result_follows_the_section_that_was_predicted_last(viewer):
    image = viewer.add_image(np.zeros((5, *SHAPE)), name="em", scale=(50, 4, 4))
    place_all(viewer, image, 0.2, (50, 0, 0))
    probability = find_layer(viewer.layers, image.unique_id, "boundary probability")
    assert probability.translate[0] == 50
    place_all(viewer, image, 0.9, (200, 0, 0))
    assert probability.translate[0] == 200
    assert probability.data.shape == (1, *SHAPE)


def test_result_follows_an_image_that_was_moved(viewer):
    image = viewer.add_image(np.zeros(SHAPE), name="em", scale=(4, 4))
    place_all(viewer, image, 0.2)
    image.translate = (100, 200)
    image.scale = (2, 2)
    place_all(viewer, image, 0.2)
    for role in ("boundary probability", "boundaries", "fiducials level 4"):
        layer = find_layer(viewer.layers, image.unique_id, role)
        assert tuple(layer.translate) == (100, 200)
        assert tuple(layer.scale) == (2, 2)


def test_features_follow_when_the_number_of_tiles_changes(viewer):
    image = viewer.add_image(np.zeros((3, *SHAPE)), name="em")
    place_all(viewer, image, 0.2)
    source = read_source(image, (0, 0, 0))
    plane = np.zeros(SHAPE, np.float32)
    stack = [(z, fake_prediction(plane)) for z in range(3)]
    for results in (stack, stack[:1], stack):
        for spec in describe(results, source):
            place_layer(viewer, spec, image.unique_id)
        points = find_layer(viewer.layers, image.unique_id, "fiducials level 4")
        arrows = find_layer(viewer.layers, image.unique_id, "displacement level 4")
        assert len(points.features) == len(points.data) == 16 * len(results)
        assert len(arrows.features) == len(arrows.data)


def test_layers_are_named_after_what_the_last_model_finds(viewer):
    image = viewer.add_image(np.zeros(SHAPE), name="em")
    place_all(viewer, image, 0.2)
    viewer.layers["em boundaries"].name = "mine"
    source = read_source(image, (0, 0))
    road = replace(fake_prediction(np.zeros(SHAPE, "f4")), classes=("other", "road"))
    for result, name in ((road, "em road probability"), (road, "em road probability")):
        for spec in describe([(0, result)], source):
            place_layer(viewer, spec, image.unique_id)
        assert name in viewer.layers
    assert "mine" in viewer.layers
    place_all(viewer, image, 0.2)
    assert "em boundary probability" in viewer.layers


def test_results_are_told_from_images(viewer):
    image = viewer.add_image(np.zeros(SHAPE), name="em")
    place_all(viewer, image, 0.2)
    assert [is_result(layer) for layer in viewer.layers] == [False] + [True] * 7


def test_dragging_a_fiducial_changes_no_result_of_the_core(viewer):
    image = viewer.add_image(np.zeros(SHAPE), name="em")
    specs = specs_for(image, 0.2)
    spec = next(s for s in specs if s.role == "fiducials level 4")
    before = spec.data.copy()
    layer = place_layer(viewer, spec, image.unique_id)
    layer.data[0] = (1.25, 2.75)
    np.testing.assert_array_equal(spec.data, before)
    assert layer.data[0].tolist() == [1.25, 2.75]
