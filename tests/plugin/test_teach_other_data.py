"""Whatever becomes of the annotation layer's data, what is painted is kept."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import tifffile
from napari.layers import _layer_actions

from dense_transformer.teaching import Project


def kept(window) -> np.ndarray:
    window.settle()
    with Project.open(window.teach.context.folder, write=False) as project:
        labels = project.journal(window.one.entry.name).annotations().labels
        return np.asarray(labels)


def row(window, layer, y: int) -> None:
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (y, 20), (y, 100))
    window.settle()


@pytest.fixture(params=[pytest.param("image", marks=pytest.mark.slow), "stack"])
def painted(request, teaching, image_file, tmp_path):
    """Return a window and its annotation layer with a stroke on it."""
    path = image_file
    if request.param == "stack":
        path = tmp_path / "stack.tif"
        sections = np.stack([tifffile.imread(image_file)] * 3)
        tifffile.imwrite(path, sections, photometric="minisblack")
    window = teaching(path)
    layer = window.annotate()
    row(window, layer, 30)
    return window, layer


@pytest.mark.slow
def test_what_is_painted_after_a_change_of_type_is_kept(painted):
    window, layer = painted
    window.viewer.layers.selection.active = layer
    _layer_actions._convert_dtype(window.viewer.layers, "int32")  # its context menu
    window.settle()
    row(window, layer, 60)
    assert np.count_nonzero(kept(window)) > 1500
    np.testing.assert_array_equal(kept(window).ravel(), layer.data.ravel())


def test_pixels_of_another_type_or_place_are_taken(painted):
    window, layer = painted
    values = np.zeros(layer.data.shape, np.int64)
    values[..., 80:90, 20:40] = 2
    values[..., 80:90, 60:80] = 300  # no class: what was there stays
    layer.data = values
    for y, lazy in ((10, da.from_array), (20, da.from_array), (50, read_only)):
        row(window, layer, y)
        layer.data = lazy(np.array(layer.data))
    row(window, layer, 70)
    np.testing.assert_array_equal(kept(window).ravel(), layer.data.ravel())
    for y in (10, 20, 50, 70):
        assert (layer.data[..., y, 30:90] == 2).any()
    assert (layer.data[..., 85, 20:40] == 2).all()
    assert not layer.data[..., 85, 60:80].any()


def read_only(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(50, 60), (2, 3, 120, 160)])
def test_pixels_of_another_size_are_refused_in_words(painted, shape):
    window, layer = painted
    before = np.array(layer.data)
    layer.data = np.full(shape, 2, np.uint8)
    window.settle()
    assert "as large as the image" in window.teach.status.text()
    np.testing.assert_array_equal(layer.data, before)
    row(window, layer, 60)
    assert np.count_nonzero(layer.data) > np.count_nonzero(before)
    np.testing.assert_array_equal(kept(window).ravel(), layer.data.ravel())
