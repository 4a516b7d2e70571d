"""What counts as predicted in a box: by the model that is meant, and to its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_core import FakeCore, fake_prediction
from napari.components import ViewerModel
from napari.layers import Labels

from dense_transformer.config import PredictConfig
from napari_dtn.annotation_prediction import predicted_labels
from napari_dtn.answering import answer
from napari_dtn.layers import sketch
from napari_dtn.placement import place_layer
from napari_dtn.predicting import Request
from napari_dtn.sources import read_source

BOX = (2, 3, 25, 20)


class ThreeClasses(FakeCore):
    """Finds a class in each third of the height."""

    def predict(self, key, image, config, section, stop, region, out):
        high = image.size[0]
        out[0][...] = 0.2
        out[1][...] = 1 + 3 * np.arange(high)[:, None] // high
        yield from ()
        result = fake_prediction(out[0])
        return replace(result, labels=out[1], levels=(), warps=())


def predict(core, viewer, image, **options):
    source = read_source(image, viewer.dims.point)
    sections = tuple(range(source.image.sections))
    request = Request("mine", source, PredictConfig(), sections, **options)
    steps = answer(core, request, lambda: False)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value.specs, source


def show(viewer, image, specs):
    for spec in specs:
        place_layer(viewer, spec, image.unique_id)


def read(viewer, image, section=0, classes=2, model="mine"):
    painted = viewer.layers["painted"]
    assert isinstance(painted, Labels)
    return predicted_labels(
        viewer, image.unique_id, painted, section, BOX, 0.5, classes, model
    )


@pytest.fixture
def viewer():
    return ViewerModel()


def annotated(viewer, shape):
    rng = np.random.default_rng(0)
    image = viewer.add_image(rng.integers(0, 255, shape, np.uint8))
    viewer.add_labels(np.zeros(shape, np.uint8), name="painted")
    return image


def test_only_the_model_that_is_meant_has_predicted(viewer):
    image = annotated(viewer, (30, 40))
    show(viewer, image, predict(FakeCore(), viewer, image)[0])
    top, left, bottom, right = BOX
    dark = image.data[top:bottom, left:right] < 100
    np.testing.assert_array_equal(read(viewer, image), np.where(dark, 2, 1))
    assert read(viewer, image, model="another") is None


def test_what_is_still_being_predicted_does_not_count(viewer):
    image = annotated(viewer, (30, 40))
    specs, source = predict(FakeCore(), viewer, image)
    show(viewer, image, specs)
    pixels = (np.zeros((1, 30, 40), np.float32), np.zeros((1, 30, 40), np.uint8))
    show(viewer, image, sketch(pixels, 0, source, "boundary"))
    assert read(viewer, image) is None
    show(viewer, image, specs)
    assert read(viewer, image) is not None


def test_of_three_classes_the_most_probable_one_is_copied(viewer):
    image = annotated(viewer, (2, 30, 40))
    show(viewer, image, predict(ThreeClasses(), viewer, image, classes=3)[0])
    found = read(viewer, image, section=1, classes=3)
    expected = np.repeat(1 + 3 * np.arange(2, 25) // 30, 17).reshape(23, 17)
    np.testing.assert_array_equal(found, expected)
    # A class that the project doesn't have can't be painted.
    assert read(viewer, image, section=1, classes=1) is None
