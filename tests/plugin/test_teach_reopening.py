"""The dock closed and opened again: nothing is painted that nobody keeps."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils._proxies import PublicOnlyProxy
from teach_driver import TeachCore, TeachWindow

from dense_transformer.teaching import Project
from napari_dtn.dock import DenseTransformerDock
from napari_dtn.placement import KEY, is_result


def painted(window, row: int):
    """Draw a line over the image; return the layer, once it is written."""
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (row, 20), (row, 100))
    window.settle()
    return layer


def close_dock(window) -> None:
    window.viewer.window.remove_dock_widget(window.frame)


def open_dock(window, tmp_path, qtbot) -> TeachWindow:
    """Open the dock again, as the menu of plugins does."""
    again = TeachWindow(window.viewer, TeachCore(tmp_path), qtbot)
    again.turn_to_teach()
    return again


def test_a_click_before_there_are_models_is_not_lost(teaching, image_file, monkeypatch):
    window = teaching(image_file)
    context, section = window.teach.context, window.section("AnnotateSection")
    with monkeypatch.context() as still_looking:
        still_looking.setattr(type(context.predict), "looking", True)
        still_looking.setattr(context, "model", lambda: None)
        context.annotator.annotate()
        assert "Looking for models" in window.teach.status.text()
        window.settle()
        assert section.context.annotator.current is None
    context.changed.emit()
    window.until(lambda: context.annotator.current is not None)
    window.until(lambda: context.annotator.current.layer is not None)


def test_a_click_before_there_are_models_is_for_its_image_alone(
    teaching, image_file, monkeypatch
):
    window = teaching(image_file)
    context = window.teach.context
    with monkeypatch.context() as still_looking:
        still_looking.setattr(type(context.predict), "looking", True)
        still_looking.setattr(context, "model", lambda: None)
        context.annotator.annotate()
        assert "Looking for models" in window.teach.status.text()
        window.add_image(np.zeros((90, 120), np.uint8), name="other")  # is chosen
        window.settle()
        assert "Looking for models" not in window.teach.status.text()
    context.changed.emit()
    window.settle()
    assert context.annotator.current is None
    assert [layer.name for layer in window.viewer.layers] == ["cells", "other"]


def test_the_dock_opens_on_the_tab_that_it_had(teaching, image_file, tmp_path, qtbot):
    window = teaching(image_file)
    close_dock(window)
    proxy = PublicOnlyProxy(window.viewer)  # what a script's dock is given
    for viewer in (window.viewer, proxy):
        again = TeachWindow(viewer, TeachCore(tmp_path), qtbot)
        try:
            assert again.dock.tabs.tabText(again.dock.tabs.currentIndex()) == "Teach"
            again.until(lambda again=again: again.teach.isVisible())
        finally:
            again.close()
            close_dock(again)


@pytest.mark.slow
def test_a_tab_is_made_once_its_dock_lies_in_the_window(teaching, image_file, tmp_path):
    """Made before, it was destroyed in an order that broke a garbage collection."""
    window = teaching(image_file)
    close_dock(window)
    dock = DenseTransformerDock(window.viewer, TeachCore(tmp_path))
    assert "teach" not in dock.__dict__
    frame = window.viewer.window.add_dock_widget(dock, name="Dense Transformer")
    assert "teach" in dock.__dict__
    window.viewer.window.remove_dock_widget(frame)


@pytest.mark.slow
def test_no_layer_is_left_that_nobody_keeps(teaching, image_file):
    window = teaching(image_file)
    layer = painted(window, 30)
    folder, labels = window.teach.context.folder, np.array(layer.data)
    window.click(window.section("PatchesSection").draw)
    window.stroke(layer, (50, 50), (80, 90))
    window.settle()
    assert window.one.state.patches
    window.press(100, 20)
    window.lead((100, 20), (100, 60), 4)  # a stroke that goes on
    close_dock(window)
    left = window.viewer.layers
    assert layer not in left
    sources = [x.metadata[KEY]["source"] for x in left if is_result(x)]
    assert sources  # the prediction, which is anybody's to keep
    assert set(sources) == {left["cells"].unique_id}
    with Project.open(folder, write=False) as project:
        kept = project.journal("cells").annotations().labels[0]
    assert (np.asarray(kept)[labels > 0] == labels[labels > 0]).all()
    window.let_go()


def test_what_was_painted_comes_back_and_more_is_kept(
    teaching, image_file, tmp_path, qtbot
):
    window = teaching(image_file)
    before = np.array(painted(window, 30).data)
    close_dock(window)
    again = open_dock(window, tmp_path, qtbot)
    try:
        layer = painted(again, 70)
        assert again.section("AnnotateSection").tools.isEnabled()
        assert (layer.data[before > 0] == 2).all()
        assert np.count_nonzero(layer.data) > np.count_nonzero(before)
        kept = again.one.journal.annotations().labels
        np.testing.assert_array_equal(np.asarray(kept)[0], layer.data)
    finally:
        again.close()


@pytest.mark.slow
def test_a_left_over_is_replaced_but_a_copy_stays(teaching, image_file):
    window = teaching(image_file)
    old = painted(window, 30)
    labels = np.array(old.data)
    copy = Labels(labels.copy(), name="mine", metadata=dict(old.metadata))
    window.viewer.add_layer(copy)
    window.one.shut_down()  # as a dock that let go of a layer, and left it
    assert window.one.layer is None
    new = window.annotate()
    assert new is not old
    assert old not in window.viewer.layers
    assert copy in window.viewer.layers
    np.testing.assert_array_equal(new.data, labels)
    assert new.name == "cells annotations"
