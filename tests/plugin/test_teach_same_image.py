"""One image in several layers is annotated once: nothing erases anything."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

from dense_transformer.teaching import Project


def open_again(window, path) -> object:
    """Open a file another time; return its layer, which is chosen."""
    before = set(window.viewer.layers)
    window.viewer.open(str(path), plugin="napari")
    window.settle()
    return next(layer for layer in window.viewer.layers if layer not in before)


def choose(window, layer) -> None:
    window.dock.predict.images.choose(layer)
    window.settle()


def row(window, layer, y: int, label: int = 2) -> None:
    window.click(window.section("AnnotateSection").classes.button(label))
    window.stroke(layer, (y, 20), (y, 100))
    window.settle()


def kept(window) -> np.ndarray:
    folder = window.teach.context.folder
    with Project.open(folder, write=False) as project:
        return np.asarray(project.journal("cells").annotations().labels)


def test_two_layers_of_a_file_are_painted_on_as_one(teaching, image_file):
    window = teaching(image_file)
    first = window.viewer.layers["cells"]
    row(window, window.annotate(), 30)
    second = open_again(window, image_file)
    row(window, window.annotate(), 50)
    choose(window, first)
    row(window, window.one.layer, 70)
    choose(window, second)
    window.click(window.section("AnnotateSection").classes.button(1))
    window.stroke(window.one.layer, (20, 30), (80, 90))  # across all of them
    window.settle()
    layer = window.one.layer
    for y in (30, 50, 70):
        assert (layer.data[y] == 2).sum() > 60
    np.testing.assert_array_equal(kept(window)[0], layer.data)
    assert [x.name for x in window.viewer.layers if "annotations" in x.name] == [
        layer.name
    ]
    assert len(window.teach.context.project.images) == 1


@pytest.mark.slow
def test_what_is_painted_lies_on_the_layer_that_is_chosen(teaching, image_file):
    window = teaching(image_file)
    first = window.viewer.layers["cells"]
    layer = window.annotate()
    second = open_again(window, image_file)
    second.scale, second.translate = (3, 3), (500, 40)
    window.annotate()
    assert window.one.layer is layer
    np.testing.assert_allclose(
        layer.data_to_world((7, 9)), second.data_to_world((7, 9))
    )
    choose(window, first)
    np.testing.assert_allclose(layer.data_to_world((7, 9)), first.data_to_world((7, 9)))
    window.viewer.layers.remove(first)
    window.settle()
    assert window.one.layer is layer
    np.testing.assert_allclose(
        layer.data_to_world((7, 9)), second.data_to_world((7, 9))
    )
    row(window, layer, 40)
    np.testing.assert_array_equal(kept(window)[0], layer.data)
    window.viewer.layers.remove(second)
    window.settle()
    assert layer not in window.viewer.layers


@pytest.mark.slow
def test_a_section_opened_as_a_stack_is_the_same_image(teaching, image_file):
    window = teaching(image_file)
    row(window, window.annotate(), 30)
    flat = np.array(window.one.layer.data)
    window.add_image(tifffile.imread(image_file)[None], name="stack")
    stack = window.viewer.layers["stack"]
    window.teach.context.annotator.know(stack, "cells")
    window.settle()
    layer = window.annotate()
    np.testing.assert_array_equal(layer.data, flat[None])
    row(window, layer, 50)
    np.testing.assert_array_equal(kept(window), layer.data)


@pytest.mark.slow
def test_an_image_in_a_project_that_was_moved_is_not_opened_twice(
    teaching, image_file, tmp_path
):
    window = teaching(image_file)
    row(window, window.annotate(), 30)
    box = window.section("AnnotateSection").project
    box.create(tmp_path / "another")  # lets go of the first
    window.settle()
    moved = tmp_path / "moved"
    moved.mkdir()
    window.viewer.layers.clear()
    for path in (image_file, tmp_path / "cells-teach"):
        shutil.move(path, moved / path.name)
    open_again(window, moved / "cells.tif")
    box.open(moved / "cells-teach")
    window.settle()
    assert [layer.name for layer in window.viewer.layers] == ["cells"]
