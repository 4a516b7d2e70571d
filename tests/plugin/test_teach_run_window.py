"""Teaching in a real window, with real runs in processes of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import psutil
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton
from teach_run_driver import (
    RunDriver,
    end_all,
    in_time,
    paint_bars,
    write_bars,
)

from dense_transformer.teaching import Project, read_lesson
from dense_transformer.teaching.control import stop as write_stop
from dense_transformer.training.preview_file import unpack_preview
from dense_transformer.zoo import list_models
from napari_dtn.child import find_child, is_alive
from napari_dtn.predicting import ModelInfo
from napari_dtn.teach_run_follow import look_at

pytestmark = pytest.mark.gui
LONG = 100_000  # steps: it is ended otherwise
LEARNING = "bars while it learns: prediction"


@pytest.fixture
def painted(teaching, tmp_path, monkeypatch):
    """Return a window with a painted image; what it started is ended."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    window = teaching(write_bars(tmp_path / "bars.tif"))
    paint_bars(window)
    yield window
    end_all(tmp_path)


def names(window) -> list[str]:
    return [layer.name for layer in window.viewer.layers]


def predicted(window) -> bool:
    """Return whether something was predicted on screen, not only room made for it."""
    layers = window.viewer.layers
    return LEARNING in layers and bool(layers[LEARNING].data.any())


def shows(window, probability) -> bool:
    """Return whether what a run predicts on screen is this."""
    layers = window.viewer.layers
    return LEARNING in layers and np.array_equal(
        np.squeeze(layers[LEARNING].data), probability
    )


@pytest.mark.slow
def test_a_run_is_watched_to_its_end_and_beats_its_start(painted):
    driver = RunDriver(painted)
    selected = set(painted.viewer.layers.selection)
    run = driver.begin(40)
    driver.until("finished")
    pid = find_child(run).pid
    painted.until(lambda: not psutil.pid_exists(pid))  # nor as a zombie
    news = driver.teaching.news
    assert news.report.step == 40
    assert news.report.after["auc"] > news.report.before["auc"]
    assert driver.section.progress.curve is not None
    assert "Done" in driver.section.progress.words.text()
    assert "held out" in " ".join(names(painted))
    assert set(painted.viewer.layers.selection) == selected
    best = unpack_preview(run / "view-00000040-best.npz").probability
    painted.until(lambda: shows(painted, best), 5000)  # not what came last


@pytest.mark.slow
def test_what_is_on_screen_is_predicted_while_it_learns(painted):
    driver = RunDriver(painted)
    driver.section.warps.setChecked(True)
    selected = set(painted.viewer.layers.selection)
    driver.begin(LONG)
    painted.until(lambda: LEARNING in names(painted), 5000)
    assert not predicted(painted)  # room is made before the run computes
    order = names(painted)
    assert order.index("bars") < order.index(LEARNING)
    assert order.index(LEARNING) < order.index("bars annotations")
    painted.until(lambda: predicted(painted), 60000)
    layer = painted.viewer.layers[LEARNING]
    image = painted.viewer.layers["bars"]
    assert tuple(layer.extent.world[0]) == tuple(image.extent.world[0])
    assert tuple(layer.extent.world[1]) == tuple(image.extent.world[1])
    grid = painted.viewer.layers["bars while it learns: warped grid"]
    painted.until(lambda: len(grid.data) > 0)
    first = np.array(layer.data)
    painted.until(lambda: not np.array_equal(layer.data, first), 60000)  # the next
    assert set(painted.viewer.layers.selection) == selected
    driver.section.live.setChecked(False)
    painted.until(lambda: LEARNING not in names(painted))


def test_pause_resume_stop_discard_and_its_undoing_act_at_once(painted):
    driver = RunDriver(painted)
    run = driver.begin(LONG)
    driver.until_step(5)
    driver.click("pause")
    assert driver.until("paused") < in_time(2)
    step = driver.teaching.news.status.step
    driver.click("resume")
    assert driver.until("running") < in_time(2)
    driver.until_step(step + 1)
    driver.click("stop")
    assert driver.until("stopped") < in_time(2)
    assert (run / "best.safetensors").exists()
    driver.click("resume")
    driver.until("running")
    driver.click("discard")
    assert driver.until("discarded") < in_time(2)
    assert not (run / "best.safetensors").exists()
    painted.until(lambda: not is_alive(find_child(run)))
    driver.click("back")
    driver.until("stopped")
    assert (run / "best.safetensors").exists()
    driver.click("resume")
    driver.until("starting")  # it can't hear anything yet
    driver.click("discard")
    assert driver.until("discarded") < in_time(2)
    assert not is_alive(find_child(run))
    driver.click("back")
    driver.until("stopped")
    assert (run / "best.safetensors").exists()


@pytest.mark.slow
def test_a_run_that_predicts_nothing_leaves_no_empty_layer(painted):
    driver = RunDriver(painted)
    driver.begin(1)
    painted.until(lambda: LEARNING in names(painted), 5000)
    driver.until("finished")
    painted.until(lambda: LEARNING not in names(painted) or predicted(painted))


@pytest.mark.slow
def test_a_killed_run_is_told_of_and_goes_on(painted):
    driver = RunDriver(painted)
    run = driver.begin(60)
    driver.until_step(25)
    psutil.Process(find_child(run).pid).kill()
    driver.until("died", "finished")
    assert driver.teaching.state == "died"
    painted.until(lambda: "Resume goes on" in driver.section.progress.words.text())
    driver.click("resume")
    driver.until("finished")
    assert driver.teaching.news.report.step == 60


@pytest.mark.slow
def test_a_second_run_waits_for_the_first(painted):
    driver = RunDriver(painted)
    first = driver.begin(LONG)
    driver.until("running")
    second = driver.queue(10)
    third = driver.queue(10)
    assert (driver.run, driver.teaching.state) == (first, "running")
    painted.click(driver.section.others.findChildren(QPushButton)[-1])
    driver.until_others(second)
    assert look_at(third).state == "discarded"
    write_stop(first)  # in a terminal: the person at the window does nothing
    painted.until(lambda: driver.run == second)
    driver.until("finished")
    assert "0001: Stopped" in painted.teach.status.text()


@pytest.mark.slow
def test_what_is_painted_meanwhile_is_for_the_next_run(painted):
    driver = RunDriver(painted)
    first = driver.begin(30)
    pixels = [int((e.labels > 0).sum()) for e in read_lesson(first).examples]
    layer = painted.one.layer
    painted.stroke(layer, (60, 12), (60, 116))
    painted.settle()
    driver.until("finished")
    again = [int((e.labels > 0).sum()) for e in read_lesson(first).examples]
    assert again == pixels
    assert driver.section.buttons.teach.text().endswith("Teach again")
    second = driver.begin(10)
    more = [int((e.labels > 0).sum()) for e in read_lesson(second).examples]
    assert sum(more) > sum(pixels)


@pytest.mark.slow
def test_layers_that_go_while_it_learns_harm_nothing(painted):
    driver = RunDriver(painted)
    driver.begin(LONG)
    painted.until(lambda: predicted(painted), 60000)
    painted.viewer.layers.remove(LEARNING)
    assert not driver.section.live.isChecked()
    painted.settle()
    driver.section.live.setChecked(True)
    painted.until(lambda: predicted(painted), 60000)
    painted.viewer.layers.remove("bars")
    step = driver.teaching.news.report.step
    driver.until_step(step + 5)
    assert driver.teaching.state == "running"
    assert LEARNING not in names(painted)


@pytest.mark.slow
def test_a_new_window_finds_the_run_and_takes_it_over(painted, teaching, tmp_path):
    driver = RunDriver(painted)
    run = driver.begin(LONG)
    driver.until("running")
    painted.close()  # the run goes on
    other = teaching(tmp_path / "bars.tif")
    layer = other.annotate()
    assert layer.data[24, 40] == 2
    found = RunDriver(other)
    found.until("running")
    assert found.run == run
    assert is_alive(find_child(run))
    found.click("stop")
    found.until("stopped")


def list_own_models(core) -> None:
    """Let the core list the person's own models too, as the installed one does."""
    shipped = core.catalogue

    def catalogue():
        own = [ModelInfo(m.name, m.card) for m in list_models() if m.source == "own"]
        found = shipped()
        return replace(found, models=(*found.models, *own))

    core.catalogue = catalogue


def turn_to(window, tab: int) -> None:
    bar = window.dock.tabs.tabBar()
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(tab).center())
    window.settle()


def test_the_whole_loop_by_mouse_and_keyboard(painted):
    list_own_models(painted.core)
    before = painted.tab.models.model().key
    patches = painted.section("PatchesSection")
    painted.key(Qt.Key.Key_D)
    painted.stroke(painted.one.layer, (60, 50), (90, 90))
    painted.settle()
    assert len(painted.one.state.patches) == 1
    assert patches.isVisible()
    driver = RunDriver(painted)
    driver.begin(40)
    driver.until("finished")
    models = painted.section("ModelsSection")
    painted.until(lambda: models.keep.isEnabled() and models.list.count() == 1)
    models.name.setFocus()
    models.name.selectAll()
    QTest.keyClicks(models.name, "bars-1")
    QTest.keyClick(models.name, Qt.Key.Key_Return)
    painted.until(lambda: models.list.count() == 2)
    assert "in use" in models.list.item(0).text()
    teach = driver.section.buttons.teach
    painted.until(lambda: teach.text().endswith("Teach more"))
    assert models.name.text() not in ("", "bars-1")  # ready for the next one
    painted.until(lambda: painted.tab.models.model().key == "bars-1")
    turn_to(painted, 0)
    painted.run()
    assert painted.core.calls[-1][0] == "bars-1"
    turn_to(painted, 2)
    models.list.setCurrentRow(1)
    painted.click(models.use)
    painted.until(lambda: "in use" in models.list.item(1).text())
    painted.until(lambda: painted.tab.models.model().key != "bars-1")
    painted.until(lambda: teach.text().endswith("Teach again"))  # not from bars-1
    with Project.open(painted.teach.context.folder, write=False) as project:
        assert project.model == project.models[0]
        first = project.model_path()
    assert painted.tab.models.model().key in (before, str(first))
