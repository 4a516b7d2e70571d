"""The live threshold: large layers in pieces, what is in view first."""

from __future__ import annotations

import numpy as np
import pytest
from fake_core import fake_prediction
from napari.components import ViewerModel

from napari_dtn import threshold
from napari_dtn.layers import describe
from napari_dtn.placement import find_layer, place_layer
from napari_dtn.sources import read_source
from napari_dtn.threshold import LiveThreshold

RNG = np.random.default_rng(0)


@pytest.fixture
def stack(qapp):
    """Return a viewer with predicted sections, and the two layers that matter."""
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 64, 96), np.uint8), name="em")
    results = [(z, fake_prediction(RNG.random((64, 96), np.float32))) for z in range(4)]
    for spec in describe(results, read_source(image, (0, 0, 0))):
        place_layer(viewer, spec, image.unique_id)
    roles = ("boundary probability", "boundaries")
    found = [find_layer(viewer.layers, image.unique_id, role) for role in roles]
    return viewer, image, *found


def test_all_sections_end_at_the_last_position(stack, qtbot, monkeypatch):
    monkeypatch.setattr(threshold, "CHUNK", 96 * 10)  # seven bands a section
    viewer, image, probability, boundaries = stack
    live = LiveThreshold(viewer)
    for position in np.linspace(0.1, 0.8, 15):
        live.apply(image.unique_id, float(position))
        qtbot.wait(5)
    expected = probability.data >= 0.8
    qtbot.waitUntil(lambda: np.array_equal(boundaries.data, expected), timeout=20000)


def test_section_in_view_is_shown_before_the_others_are_computed(stack, qtbot):
    viewer, image, probability, boundaries = stack
    viewer.dims.set_point(0, 2)
    seen = []

    def note():
        done = [
            np.array_equal(boundaries.data[z], probability.data[z] >= 0.9)
            for z in range(4)
        ]
        seen.append(done)

    boundaries.events.set_data.connect(note)
    live = LiveThreshold(viewer)
    live.apply(image.unique_id, 0.9)
    qtbot.waitUntil(lambda: bool(seen), timeout=20000)
    assert seen[0] == [False, False, True, False]
    expected = probability.data >= 0.9
    qtbot.waitUntil(lambda: np.array_equal(boundaries.data, expected), timeout=20000)
    assert len(seen) == 1  # what is out of view needs no drawing


def test_removed_layers_end_the_work_without_an_error(stack, qtbot):
    viewer, image, _, boundaries = stack
    live = LiveThreshold(viewer)
    live.apply(image.unique_id, 0.9)
    viewer.layers.remove(boundaries)
    qtbot.wait(100)
    live.apply("nothing", 0.1)
    qtbot.wait(100)
    live.shut_down()
