"""Patches drawn with the mouse, begun from a prediction of known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from teach_driver import CTRL
from teach_run_driver import write_run
from window_driver import world

from dense_transformer.teaching import Patch
from dense_transformer.training.lock import locked
from napari_dtn.awaited_prediction import PREDICTING
from napari_dtn.tabs.teach_where import _covered
from napari_dtn.teach_run_pictures import empty_specs
from napari_dtn.teach_run_view import NAME as LIVE
from napari_dtn.where_next import Place

KEY = Qt.Key
BOX = (20, 30, 60, 90)


@pytest.fixture
def image_file(tmp_path):
    path = tmp_path / "cells.tif"
    image = np.full((120, 160), 200, np.uint8)
    image[:, ::7] = 50  # what the fake core calls a boundary
    tifffile.imwrite(path, image)
    return path


def predicted(image_file) -> np.ndarray:
    return np.where(tifffile.imread(image_file) < 100, 2, 1).astype(np.uint8)


def drawn(window, layer) -> tuple[int, int, int, int]:
    """Draw a patch with the mouse from corner to corner; return its box."""
    window.click(window.section("PatchesSection").draw)
    before = len(window.one.state.patches)
    window.stroke(layer, BOX[:2], (BOX[2] - 1, BOX[3] - 1))
    window.until(lambda: len(window.one.state.patches) > before)
    window.settle()
    return window.one.state.patches[-1].box


def test_a_drawn_patch_begins_with_the_prediction(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    section = window.section("PatchesSection")
    window.click(section.draw)
    window.stroke(layer, BOX[:2], (BOX[2] - 1, BOX[3] - 1))
    # Nothing is predicted yet: it is, and then the patch is filled.
    window.until(lambda: len(window.shown) > 0)
    window.until(lambda: layer.data[BOX[0] + 5, BOX[1] + 5] > 0)
    window.settle()
    top, left, bottom, right = box = window.one.state.patches[0].box
    assert np.abs(np.array(box) - BOX).max() <= 1  # a pixel of the screen is wider
    expected = np.zeros((120, 160), np.uint8)
    expected[top:bottom, left:right] = predicted(image_file)[top:bottom, left:right]
    np.testing.assert_array_equal(layer.data, expected)
    assert "fully annotated" in section.list.item(0).text()
    assert window.viewer.layers[-1] is layer  # the prediction came below it
    window.key(KEY.Key_Z, CTRL)  # the box and its filling are one step
    assert not layer.data.any()
    assert window.one.state.patches == ()


@pytest.mark.slow
def test_after_drawing_a_patch_the_tool_is_back_in_hand(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.run_prediction()
    draw = window.section("PatchesSection").draw
    tools = window.section("AnnotateSection").tools.buttons
    for tool in ("erase", "polygon", "paint"):
        window.click(tools[tool])
        drawn(window, layer)
        assert layer.mode == tool
        assert tools[tool].isChecked()
        window.one.undo()
        window.settle()
    assert not layer.data.any()  # drawing the boxes has painted nothing
    window.click(tools["pan_zoom"])
    for _ in range(2):  # not drawn after all
        window.click(draw)
    assert layer.mode == "pan_zoom"
    window.click(draw)
    window.click(tools["fill"])  # another tool instead
    assert not draw.isChecked()
    assert layer.mode == "fill"
    window.click(tools["pan_zoom"])
    box = drawn(window, layer)  # to be corrected: the brush is what one needs
    assert layer.mode == "paint"
    before = np.array(layer.data)
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (40, 40), (40, 80))
    window.settle()
    changed = layer.data != before
    assert changed[box[0] : box[2], box[1] : box[3]].any()


def test_missing_pixels_are_counted_live_and_filled_with_a_class(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    section = window.section("PatchesSection")
    window.click(section.from_prediction)
    assert not section.from_prediction.isChecked()
    top, left, bottom, right = drawn(window, layer)
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (40, 20), (40, 100))
    window.settle()
    area = (bottom - top) * (right - left)
    painted = int((layer.data[top:bottom, left:right] == 2).sum())
    assert 0 < painted < area
    assert f"{area - painted:,} px missing" in section.list.item(0).text()
    section.filling.setCurrentText("inside")
    window.click(section.fill)
    window.settle()
    part = layer.data[top:bottom, left:right]
    assert (part == 2).sum() == painted
    assert (part == 1).sum() == area - painted
    assert "fully annotated" in section.list.item(0).text()


@pytest.mark.slow
def test_the_lines_of_a_patch_turn_white_once_it_is_full(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    section = window.section("PatchesSection")
    window.click(section.from_prediction)
    top, left, _, right = drawn(window, layer)
    corner = world(layer, top - 0.5, (left + right) / 2)
    assert np.ptp(window.pixel(*corner)) > 150  # orange
    section.filling.setCurrentText("inside")
    window.click(section.fill)
    window.settle()
    assert "fully annotated" in section.list.item(0).text()
    assert window.pixel(*corner).min() > 200


def test_the_brush_copies_the_prediction(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.run_prediction()
    section = window.section("AnnotateSection")
    window.key(KEY.Key_0, CTRL)
    assert section.classes.button(255).isChecked()
    layer.brush_size = 20
    window.stroke(layer, (60, 40), (60, 120))
    window.settle()
    painted = layer.data > 0
    assert painted.sum() > 1000
    np.testing.assert_array_equal(layer.data[painted], predicted(image_file)[painted])
    window.key(KEY.Key_Z, CTRL)
    assert not layer.data.any()


@pytest.mark.slow
def test_a_stroke_as_predicted_waits_for_the_prediction(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(1))
    window.stroke(layer, (30, 30), (30, 90))
    window.settle()
    before = np.array(layer.data)
    window.key(KEY.Key_0, CTRL)
    window.core.gate.clear()
    window.stroke(layer, (28, 40), (38, 80))
    np.testing.assert_array_equal(layer.data, before)  # nothing is lost
    window.core.gate.set()
    window.until(lambda: len(window.shown) > 0)
    window.until(lambda: window.one.waiting.sections == ())
    window.settle()
    changed = layer.data != before
    np.testing.assert_array_equal(layer.data[changed], predicted(image_file)[changed])
    assert layer.data[38, 80] == predicted(image_file)[38, 80]  # where it ended
    window.key(KEY.Key_Z, CTRL)
    np.testing.assert_array_equal(layer.data, before)


@pytest.mark.slow
def test_an_undo_takes_back_a_stroke_that_still_waits(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(1))
    window.stroke(layer, (30, 30), (30, 90))
    window.settle()
    before = np.array(layer.data)
    window.core.gate.clear()
    window.key(KEY.Key_0, CTRL)
    window.stroke(layer, (60, 40), (60, 80))
    window.key(KEY.Key_Z, CTRL)
    window.core.gate.set()
    window.until(lambda: len(window.shown) > 0)
    window.settle()
    np.testing.assert_array_equal(layer.data, before)


def test_a_prediction_beside_a_run_says_so(teaching, image_file, tmp_path):
    window = teaching(image_file)
    layer, run_of = window.annotate(), window.section("RunSection").teaching
    run = write_run(tmp_path / "runs" / "0001", "running", steps=8)
    with locked(run / "lock"):
        run_of.adopt(run)
        window.until(lambda: run_of.state == "running")
        window.settle()
        window.core.gate.clear()
        window.key(KEY.Key_0, CTRL)
        window.stroke(layer, (60, 40), (60, 80))
        window.until(lambda: len(window.core.calls) == 1)
        said = window.teach.status.text()
        assert "predicting it with small, which is chosen, while the run learns" in said
        window.core.gate.set()
        window.until(lambda: window.one.waiting.sections == ())
        window.settle()
        assert window.teach.status.text() == ""


@pytest.mark.slow
def test_no_button_moves_when_a_prediction_is_announced(teaching, image_file):
    """Nor is it said any longer than that takes, whatever is folded."""
    window = teaching(image_file)
    window.annotate()
    section = window.section("PatchesSection")
    next(f for f in window.teach.folds if f.section is not section).collapse()
    window.settle()
    window.core.gate.clear()
    before = section.draw.mapToGlobal(section.draw.rect().topLeft())
    window.click(section.draw)
    window.stroke(window.one.layer, (50, 50), (80, 90))
    window.until(lambda: window.teach.status.text() == PREDICTING)
    QApplication.processEvents()  # a new layout, were there one
    assert section.draw.mapToGlobal(section.draw.rect().topLeft()) == before
    window.core.gate.set()
    window.until(lambda: window.one.waiting.sections == ())
    window.settle()
    assert window.teach.status.text() == ""


@pytest.mark.slow
def test_after_a_long_message_no_button_moves_back(teaching, image_file):
    window = teaching(image_file)
    window.annotate()
    section = window.section("PatchesSection")

    def top() -> int:
        window.settle()
        QApplication.processEvents()  # a new layout, were there one
        return section.draw.mapToGlobal(section.draw.rect().topLeft()).y()

    before = top()
    window.teach.context.say("Words that need more than one line. " * 4)
    below = top()
    assert below > before
    for words in ("", "Words.", "Words that need more than one line. " * 3):
        window.teach.context.say(words)
        assert top() == below


@pytest.mark.slow
def test_the_button_takes_back_what_waits_though_nothing_is_written(
    teaching, image_file
):
    window = teaching(image_file)
    layer, section = window.annotate(), window.section("AnnotateSection")
    window.core.gate.clear()
    window.key(KEY.Key_0, CTRL)
    window.stroke(layer, (60, 40), (60, 80))
    window.qtbot.wait(20)
    assert window.one.waiting.sections == (0,)
    assert section.undo.isEnabled()
    window.click(section.undo)
    assert window.one.waiting.sections == ()
    assert not section.undo.isEnabled()
    window.core.gate.set()
    window.until(lambda: len(window.shown) > 0)
    window.settle()
    assert not layer.data.any()


@pytest.fixture
def stack_file(tmp_path):
    """Return a stack of three sections, with what the fake core finds in each."""
    stack = np.full((3, 120, 160), 200, np.uint8)
    for section in range(3):
        stack[section, :, :: 7 + section] = 50
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, stack, photometric="minisblack")
    return path, np.where(stack < 100, 2, 1).astype(np.uint8)


@pytest.mark.slow
def test_a_patch_drawn_while_another_slice_is_predicted_is_filled(teaching, stack_file):
    path, expected = stack_file
    window = teaching(path)
    layer = window.annotate()
    dims = window.viewer.dims
    dims.set_current_step(0, 0)
    window.core.gate.clear()
    window.click(window.section("AnnotateSection").toggle)
    window.until(lambda: len(window.core.calls) == 1)
    dims.set_current_step(0, 2)
    window.click(window.section("PatchesSection").draw)
    window.stroke(layer, BOX[:2], (BOX[2] - 1, BOX[3] - 1))
    window.until(lambda: len(window.one.state.patches) == 1)
    dims.set_current_step(0, 1)  # and look at something else meanwhile
    window.core.gate.set()
    window.until(lambda: window.one.waiting.sections == ())
    window.settle()
    assert [section for *_, section in window.core.calls] == [0, 2]
    part = window.one.state.patches[0].box
    box = np.s_[2, part[0] : part[2], part[1] : part[3]]
    np.testing.assert_array_equal(layer.data[box], expected[box])
    assert not layer.data[:2].any()


@pytest.mark.slow
def test_what_waits_is_left_if_its_prediction_is_stopped(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.core.gate.clear()
    window.click(window.section("PatchesSection").draw)
    window.stroke(layer, BOX[:2], (BOX[2] - 1, BOX[3] - 1))
    window.until(lambda: len(window.core.calls) == 1)
    window.tab.stop()
    window.until(lambda: "nothing was filled" in window.teach.status.text())
    window.core.gate.set()
    window.settle()
    assert len(window.core.calls) == 1  # it isn't begun again
    assert not layer.data.any()
    assert len(window.one.state.patches) == 1


@pytest.mark.slow
def test_as_predicted_means_the_model_that_is_chosen(teaching, image_file):
    window = teaching(image_file)
    other = replace(window.core.info(), key="other")
    window.tab.models.set_models((window.core.info(), other), window.core.info().key)
    layer = window.annotate()
    window.run_prediction()
    window.tab.models.choose("other")
    window.settle()
    part = drawn(window, layer)
    window.until(lambda: len(window.shown) > 1)
    window.until(lambda: layer.data[part[0], part[1]] > 0)
    assert [key for key, *_ in window.core.calls] == [window.core.info().key, "other"]


def test_the_prediction_is_hidden_and_shown_by_a_key(teaching, image_file):
    window = teaching(image_file)
    window.annotate()
    window.run_prediction()
    shown = window.result("boundary probability")
    assert shown.visible
    window.key(KEY.Key_T)
    assert not shown.visible
    assert not window.result("boundaries").visible
    window.key(KEY.Key_T)
    assert shown.visible


@pytest.mark.slow
def test_run_shows_its_result_though_the_key_has_hidden_the_last(teaching, image_file):
    window = teaching(image_file)
    window.annotate()
    window.run_prediction()
    window.key(KEY.Key_T)
    shown = window.result("boundary probability")
    window.click(window.dock.tabs.tabBar())  # Predict
    window.run()
    assert shown.visible
    shown.visible = False  # by hand, in napari's list: that stays
    window.run()
    assert not shown.visible


@pytest.mark.slow
def test_while_a_run_shows_its_own_the_key_hides_that(teaching, image_file):
    window = teaching(image_file)
    window.annotate()
    window.run_prediction()
    context = window.teach.context
    source, live = context.source(), context.group(LIVE)
    live.show(empty_specs(source, (0, 0, 120, 160), 32, True), source)
    window.until(lambda: len(live.layers()) == 4 and not live.busy)
    earlier = context.earlier
    earlier.hide(LIVE, source.layer_id)
    old = window.result("boundary probability"), window.result("boundaries")
    for on in (False, True, False):
        window.key(KEY.Key_T)
        assert [layer.visible for layer in live.layers()] == [on] * 4
        assert not any(layer.visible for layer in old)
    drawn(window, window.one.layer)
    assert "As small predicts" in window.teach.status.text()
    live.remove()
    earlier.show(LIVE)
    window.key(KEY.Key_T)
    window.key(KEY.Key_T)
    assert all(layer.visible for layer in old)


LONG = "unsure in many words, which take more lines than one does in the dock; "


def test_places_are_listed_with_reasons_and_gone_to(teaching, image_file):

    window = teaching(image_file)
    layer = window.annotate()
    asked = []

    def rank(request, annotations, side, stop):
        asked.append(annotations)
        yield from ()
        return (
            Place(0, (80, 100, 110, 130), 0.9, "uncertain: very"),
            Place(0, (10, 10, 40, 40), 0.5, LONG + "mirrored, it gets another answer"),
        )

    section = window.section("WhereSection")
    section._rank = rank
    window.click(window.section("AnnotateSection").classes.button(1))
    window.stroke(layer, (30, 30), (30, 90))
    window.key(KEY.Key_N)
    window.until(lambda: len(section.places) == 2)
    window.settle()
    assert np.count_nonzero(np.asarray(asked[0].labels)) == np.count_nonzero(layer.data)
    camera = window.viewer.scene.camera
    np.testing.assert_allclose(camera.center[-2:], (95, 115), atol=1)
    assert "uncertain: very" in section.words.text()
    buttons = (section.next, section.patch)
    places = [button.mapToGlobal(button.rect().topLeft()) for button in buttons]
    window.key(KEY.Key_N)
    np.testing.assert_allclose(camera.center[-2:], (25, 25), atol=1)
    window.settle()
    assert places == [button.mapToGlobal(button.rect().topLeft()) for button in buttons]
    window.click(section.patch)
    window.until(lambda: len(window.one.state.patches) == 1)
    assert [place.box for place in section.places] == [(80, 100, 110, 130)]


@pytest.mark.parametrize(
    ("box", "covered"),
    [((0, 0, 40, 40), True), ((0, 29, 40, 69), True), ((0, 30, 40, 70), False),
     ((50, 50, 90, 90), False)],
)  # fmt: skip
def test_a_place_of_which_more_than_a_quarter_is_a_patch_is_left_out(box, covered):
    patch = Place(0, (0, 0, 40, 40), 0.9, "uncertain")
    assert _covered(Place(0, box, 0.5, "uncertain"), patch) == covered
    assert not _covered(Place(1, box, 0.5, "uncertain"), patch)


@pytest.mark.slow
def test_where_all_is_annotated_the_tab_just_says_so(teaching, image_file, monkeypatch):
    window = teaching(image_file)
    window.annotate()
    one, section = window.one, window.section("WhereSection")
    one.fill(Patch(0, 0, 0, 120, 160), 1, add=True)
    window.settle()
    told = []
    monkeypatch.setattr(
        notification_manager, "receive_error", lambda *a: told.append(a)
    )
    window.click(section.find)
    window.until(lambda: "No place is left" in section.words.text())
    window.settle()
    assert "No place is left" in section.words.text()
    assert not told
    assert not window.teach.status.text()
