"""All of teaching in the real window, with the shipped model, by mouse and keyboard."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from teach_driver import CTRL, CTRL_SHIFT
from teach_run_driver import end_all
from test_teach_run_closing import press
from whole_loop_driver import (
    SIDE,
    LoopWindow,
    along_membrane,
    inside_cells,
    write_strange,
)

from dense_transformer.teaching import Project
from napari_dtn.placement import find_layer
from napari_dtn.teach_run_follow import look_at

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(900)]
MODEL, STEPS = "em-membrane-dtn", 40
LEARNING = "strange while it learns: prediction"
MINUTES = 60_000  # ms


@pytest.fixture
def window(
    make_napari_viewer, first_session, no_threads_left, tmp_path, monkeypatch, qtbot
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = LoopWindow(make_napari_viewer(show=True), qtbot)
    yield found
    end_all(tmp_path)
    found.close()


def auc(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of pairs (boundary, inside) that are in the right order."""
    ranks = probability.ravel().argsort().argsort()[truth.ravel() == 2]
    many, rest = len(ranks), truth.size - len(ranks)
    return float((ranks.sum() - many * (many - 1) / 2) / (many * rest))


def predicted(window) -> np.ndarray:
    """Click Run in Predict and return what it finds."""
    window.turn_to(0)
    before = len(window.shown)
    window.press_button(window.tab.bar.run)
    window.until(lambda: len(window.shown) > before, 2 * MINUTES)
    image = window.viewer.layers["strange"]
    found = find_layer(window.viewer.layers, image.unique_id, "boundary probability")
    assert found.visible
    return np.array(found.data)


def open_and_choose(window, path) -> None:
    """Open two images; choose the strange one and the model in the Teach tab."""
    other = path.with_name("other.tif")
    tifffile.imwrite(other, np.full((SIDE, SIDE), 127, np.uint8))
    for file in (path, other):
        window.viewer.open(str(file), plugin="napari")
    window.viewer.layers["other"].visible = False
    window.viewer.reset_view()
    window.until(lambda: window.tab.models.model() is not None, MINUTES)
    window.turn_to(2)
    window.choose(window.teach.image, "strange")
    window.choose(window.teach.model, MODEL)
    assert window.tab.models.model().key == MODEL
    window.picture("1-chosen")


def paint(window, truth) -> None:
    """Paint two strokes of each class, and take one back and do it again by key."""
    section = window.open_section("AnnotateSection")
    window.press_button(section.start)
    window.until(lambda: window.one is not None and window.one.layer is not None)
    window.settle()
    layer = window.one.layer
    ways = {
        2: [along_membrane(truth, 20, 60, 100), along_membrane(truth, 100, 120, 100)],
        1: inside_cells(truth, 3)[::2],
    }
    for label, lines in ways.items():
        window.press_button(section.classes.button(label))
        for way in lines:
            window.stroke(layer, *way, steps=2)
            window.settle()
    painted = np.array(layer.data)
    window.key(Qt.Key.Key_Z, CTRL)
    assert np.count_nonzero(layer.data) < np.count_nonzero(painted)
    window.key(Qt.Key.Key_Z, CTRL_SHIFT)
    np.testing.assert_array_equal(layer.data, painted)
    assert min(window.one.state.pixels) > 100
    window.picture("2-strokes")


def draw_a_patch(window, truth) -> None:
    """Draw a patch from the prediction, undo it; another one, and fill it by hand."""
    layer, section = window.one.layer, window.open_section("PatchesSection")
    before = np.array(layer.data)
    window.key(Qt.Key.Key_D)
    window.stroke(layer, (200, 150), (264, 230))
    window.until(lambda: len(window.one.state.patches) == 1)
    window.until(lambda: window.one.missing(window.one.state.patches[0]) == 0, MINUTES)
    window.settle()
    window.picture("3-patch-as-predicted")
    window.key(Qt.Key.Key_Z, CTRL)  # it is all wrong
    assert window.one.state.patches == ()
    np.testing.assert_array_equal(layer.data, before)
    window.key(Qt.Key.Key_T)  # and in the way
    window.press_button(section.from_prediction)
    window.press_button(section.draw)
    window.stroke(layer, (200, 150), (248, 206))
    window.until(lambda: len(window.one.state.patches) == 1)
    window.key(Qt.Key.Key_2, CTRL)
    top, left, bottom, right = window.one.state.patches[0].box
    for column in (left + 8, (left + right) // 2, right - 8):
        way = along_membrane(truth, top, column, bottom - top)
        window.stroke(layer, *way, steps=2)
        window.settle()
    section.list.setFocus()
    window.scroll_to(section.list)
    window.qtbot.keyClick(section.list, Qt.Key.Key_Home)
    window.choose(section.filling, window.one.classes[0])
    window.press_button(section.fill)
    assert window.one.missing(window.one.state.patches[0]) == 0
    assert "fully annotated" in section.list.item(0).text()
    window.picture("4-patch")
    window.fold("AnnotateSection", "PatchesSection")


def go_to_the_next_place(window) -> None:
    section = window.open_section("WhereSection")
    window.press_button(section.find)
    window.until(lambda: len(section.places) > 0, 2 * MINUTES)
    window.settle()
    before = tuple(window.viewer.scene.camera.center)
    window.press_button(section.next)
    assert tuple(window.viewer.scene.camera.center) != before
    assert section.list.currentRow() == 0
    window.picture("5-where-next")
    window.fold("WhereSection")
    window.key(Qt.Key.Key_R, CTRL)  # all of the image again
    assert tuple(window.viewer.scene.camera.center) == pytest.approx(before, abs=10)


def learn(window) -> None:
    """Type the steps, click Teach, Pause and Resume; wait for the end."""
    section = window.open_section("RunSection")
    window.type_into(window.settings().editor("steps"), str(STEPS))
    window.press_button(section.buttons.teach)
    news = section.teaching
    window.until(lambda: news.state == "running" and news.news.report.step > 0, MINUTES)
    window.press_button(section.buttons.pause)
    window.until(lambda: news.state == "paused", MINUTES)
    assert news.news.report.step < STEPS
    window.picture("6-paused")
    window.press_button(section.buttons.resume)
    window.until(lambda: LEARNING in window.viewer.layers, MINUTES)
    layer = window.viewer.layers[LEARNING]
    window.until(lambda: bool(layer.data.any()), 3 * MINUTES)
    window.until(lambda: news.news.report.step >= STEPS // 2, 5 * MINUTES)
    window.picture("7-learning")
    window.until(lambda: news.state == "finished", 10 * MINUTES)
    window.settle()
    assert news.news.report.after["auc"] > news.news.report.before["auc"]
    window.picture("8-finished")


def compare(window) -> None:
    section = window.open_section("CompareSection")
    window.press_button(section.bar.run)
    window.until(lambda: section.found is not None, 3 * MINUTES)
    window.settle()
    assert window.viewer.canvas.grid.enabled
    window.scroll_to(section.view)
    window.picture("9-side-by-side")
    window.choose(section.view, "Difference")
    window.settle()
    assert not window.viewer.canvas.grid.enabled
    window.picture("10-difference")


def keep(window) -> None:
    section = window.open_section("ModelsSection")
    window.type_into(section.name, "strange-1", Qt.Key.Key_Return)
    window.until(lambda: window.tab.models.model().key == "strange-1", MINUTES)
    window.settle()
    assert "in use" in section.list.item(0).text()
    window.scroll_to(section.words)
    window.picture("11-kept")


def close_while_it_learns(window):
    """Teach more, close the window and answer; return the folder of the run."""
    window.turn_to(2)
    section = window.open_section("RunSection")
    before = section.teaching.run
    window.press_button(section.buttons.teach)
    window.until(lambda: section.teaching.run != before, MINUTES)
    window.until(lambda: section.teaching.state == "running", MINUTES)
    said = press("discard")
    assert window.close_window()
    assert said == ["The model is still learning. What becomes of it?"]
    return section.teaching.run


def test_the_whole_loop_from_strokes_to_a_kept_model(window, tmp_path):
    path, truth = write_strange(tmp_path)
    open_and_choose(window, path)
    before = auc(predicted(window), truth)
    assert before < 0.6  # it gets this image wrong
    window.turn_to(2)
    paint(window, truth)
    draw_a_patch(window, truth)
    go_to_the_next_place(window)
    learn(window)
    compare(window)
    keep(window)
    after = auc(predicted(window), truth)
    assert after > 0.9
    window.picture("12-predicted")
    run = close_while_it_learns(window)
    window.until(lambda: look_at(run).state == "discarded", MINUTES)
    with Project.open(run.parents[1], write=False) as project:
        assert project.model.name == "strange-1"
        assert len(project.journal("strange").patches) == 1
