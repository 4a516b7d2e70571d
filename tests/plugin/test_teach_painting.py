"""Painting with the mouse in a real window: what is painted is what is kept."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from teach_driver import CTRL, CTRL_SHIFT

from dense_transformer.teaching import Project

KEY = Qt.Key


def kept(window) -> np.ndarray:
    """Return what the project on the disk holds, read by somebody else."""
    window.settle()
    with Project.open(window.teach.context.folder, write=False) as project:
        labels = project.journal(window.one.entry.name).annotations().labels
        return np.asarray(labels)


@pytest.fixture
def stack_file(tmp_path):
    path = tmp_path / "stack.tif"
    rng = np.random.default_rng(0)
    sections = rng.integers(0, 255, (4, 90, 110), np.uint8)
    tifffile.imwrite(path, sections, photometric="minisblack")
    return path


def test_a_stroke_is_on_the_disk_as_it_is_on_screen(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    section = window.section("AnnotateSection")
    window.click(section.classes.button(2))
    window.stroke(layer, (30, 40), (60, 40))
    window.click(section.classes.button(1))
    window.stroke(layer, (90, 20), (90, 120))
    window.settle()
    assert layer.data[45, 40] == 2
    assert layer.data[90, 70] == 1
    np.testing.assert_array_equal(kept(window)[0], layer.data)
    assert window.one.state.pixels == tuple(
        int((layer.data == label).sum()) for label in (1, 2)
    )
    words = section.counts.text()
    assert f"{np.count_nonzero(layer.data):,} pixels in 2 places" in words


@pytest.mark.slow
def test_polygon_fill_and_eraser_are_kept(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    tools = window.section("AnnotateSection").tools
    window.click(tools.buttons["polygon"])
    for corner in ((20, 20), (20, 80), (70, 80)):
        window.click_px(layer, *corner)
    window.click_px(layer, 70, 20, double=True)
    window.settle()
    assert layer.data[40, 50] == 1
    window.click(window.section("AnnotateSection").classes.button(2))
    window.click(tools.buttons["fill"])
    window.click_px(layer, 45, 50)
    window.settle()
    assert layer.data[40, 50] == 2
    window.click(tools.buttons["erase"])
    window.stroke(layer, (45, 30), (45, 70))
    window.settle()
    assert layer.data[45, 50] == 0
    np.testing.assert_array_equal(kept(window)[0], layer.data)


def test_undo_goes_across_slices_and_sessions(teaching, stack_file):
    window = teaching(stack_file)
    layer = window.annotate()
    window.viewer.dims.set_point(0, 1)
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (20, 20), (20, 60))
    window.settle()
    first = np.array(layer.data)
    window.viewer.dims.set_point(0, 3)  # napari forgets its own history here
    window.stroke(layer, (50, 20), (50, 60))
    window.settle()
    both = np.array(layer.data)
    assert (both[3] == 2).any()
    window.viewer.dims.set_point(0, 0)
    window.key(KEY.Key_Z, CTRL)
    np.testing.assert_array_equal(layer.data, first)
    assert window.viewer.dims.current_step[0] == 3  # shows what it took back
    window.key(KEY.Key_Z, CTRL)
    assert not layer.data.any()
    assert window.viewer.dims.current_step[0] == 1
    window.key(KEY.Key_Z, CTRL_SHIFT)
    window.key(KEY.Key_Z, CTRL_SHIFT)
    np.testing.assert_array_equal(layer.data, both)
    window.viewer.layers.clear()  # the image is closed ...
    window.settle()
    window.viewer.open(str(stack_file), plugin="napari")  # ... and opened again
    window.settle()
    again = window.annotate()
    np.testing.assert_array_equal(again.data, both)
    window.key(KEY.Key_Z, CTRL)
    np.testing.assert_array_equal(again.data, first)


def test_a_deleted_layer_comes_back_with_one_click(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(1))
    window.stroke(layer, (30, 30), (30, 90))
    painted = np.array(layer.data)
    window.viewer.layers.remove(layer)  # before the stroke was handed on
    window.settle()
    button = window.section("AnnotateSection").start.text()
    assert f"'{button}'" in window.teach.status.text()
    again = window.annotate()
    assert again is not layer
    np.testing.assert_array_equal(again.data, painted)
    np.testing.assert_array_equal(kept(window)[0], painted)


@pytest.mark.slow
def test_what_a_script_or_napari_changes_is_kept_too(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    layer.data[10:20, 30:40] = 2
    layer.refresh()
    window.settle()
    np.testing.assert_array_equal(kept(window)[0], layer.data)
    layer.data_setitem((np.array([50, 51]), np.array([60, 61])), 1)
    window.settle()
    assert kept(window)[0, 50, 60] == 1
    layer.undo()  # napari's own
    window.settle()
    np.testing.assert_array_equal(kept(window)[0], layer.data)
    assert kept(window)[0, 50, 60] == 0


@pytest.mark.slow
def test_what_is_no_class_is_neither_shown_nor_kept(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    layer.selected_label = 7
    layer.mode = "paint"
    window.stroke(layer, (30, 30), (30, 90))
    window.settle()
    assert not layer.data.any()
    assert "no class" in window.teach.status.text()


@pytest.mark.slow
def test_the_brush_is_in_hand_from_the_start(teaching, image_file):
    window = teaching(image_file)
    tools = window.section("AnnotateSection").tools.buttons
    for row in (30, 60):
        layer = window.annotate()
        assert tools["paint"].isChecked()
        centre = window.viewer.scene.camera.center
        window.stroke(layer, (row, 30), (row, 90))
        window.settle()
        assert layer.data[row, 40:80].all()
        assert window.viewer.scene.camera.center == centre  # it painted, didn't drag
        window.viewer.layers.remove(layer)  # and when it is brought back
        window.settle()


def test_keys_choose_classes_and_tools(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.key(KEY.Key_2, CTRL)
    assert (layer.selected_label, str(layer.mode)) == (2, "paint")
    assert window.section("AnnotateSection").classes.button(2).isChecked()
    window.key(KEY.Key_Q)
    assert layer.selected_label == 1
    window.key(KEY.Key_D)
    assert window.section("PatchesSection").tool.armed
    window.key(KEY.Key_2)  # napari's own: the brush
    assert str(layer.mode) == "paint"
    assert not window.section("PatchesSection").tool.armed


def test_a_stroke_on_a_large_image_costs_no_more_than_the_stroke(teaching):
    window = teaching(np.zeros((4096, 4096), np.uint8))
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    layer.brush_size = 20
    regions = []
    strokes = window.one._strokes
    strokes.ended.connect(regions.extend)
    strokes.redrawn.connect(lambda whole: regions.append((0, 1, 0, 0, 4096, 4096)))
    window.stroke(layer, (100, 100), (3900, 3900), steps=40)
    window.until(lambda: len(regions) > 0)
    window.settle()
    painted = np.count_nonzero(layer.data)
    looked_at = sum((r[4] - r[2]) * (r[5] - r[3]) for r in regions)
    assert painted > 50000
    assert looked_at < 0.05 * layer.data.size
    np.testing.assert_array_equal(kept(window)[0], layer.data)
