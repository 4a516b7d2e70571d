"""A run that is begun is started, unless it was ended before it had a folder."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMessageBox, QPushButton
from teach_run_driver import end_all

from dense_transformer.config import TeachConfig
from dense_transformer.teaching import beginning
from dense_transformer.teaching.status import read_status
from napari_dtn import teach_run_beginning
from napari_dtn.teach_run_beginning import Beginning, next_run
from napari_dtn.teach_runs_alive import alive_runs, discard_soon, stop_run


@pytest.fixture
def coming(tmp_path, monkeypatch):
    """Return a run that is being begun, and the folders that were started."""
    started = []

    def begin_run(project, config, model):
        run = next_run(project.folder)
        run.mkdir(parents=True)
        (run / "lesson.json").write_text("{}")
        return run

    monkeypatch.setattr(beginning, "begin_run", begin_run)
    monkeypatch.setattr(
        teach_run_beginning, "start_child", lambda command, run: started.append(run)
    )
    project = SimpleNamespace(folder=tmp_path)
    (tmp_path / "runs" / "0002").mkdir(parents=True)
    return Beginning(project, TeachConfig(), "model"), started


def test_it_is_started_in_the_folder_that_was_named(coming, tmp_path):
    coming, started = coming
    assert coming.run == tmp_path / "runs" / "0003"
    assert coming.begin() == coming.run
    assert started == [coming.run]


@pytest.mark.parametrize(
    ("how", "state"), [(stop_run, "stopped"), (discard_soon, "discarded")]
)
def test_what_was_ended_before_it_began_is_never_started(coming, how, state):
    coming, started = coming
    coming.end(how)
    run = coming.begin()
    assert started == []
    assert read_status(run).state == state
    assert alive_runs(run.parent) == ()


def test_what_has_just_begun_is_ended_at_once(coming):
    coming, started = coming
    run, ended = coming.begin(), []
    coming.end(ended.append)
    assert started == ended == [run]


@pytest.fixture
def freezing(teaching, image_file, tmp_path, monkeypatch):
    """Return a window whose lesson is frozen only once that is let happen."""
    from teach_run_driver import RunDriver, paint_bars

    window, gate = teaching(image_file), threading.Event()
    paint_bars(window)
    real = beginning.begin_run

    def begin_run(*args):
        gate.wait(20)
        return real(*args)

    monkeypatch.setattr(beginning, "begin_run", begin_run)
    driver = RunDriver(window)
    yield window, driver, gate
    gate.set()
    end_all(tmp_path)


@pytest.mark.gui
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("stop", "stopped"),
        pytest.param("discard", "discarded", marks=pytest.mark.slow),
    ],
)
def test_napari_is_closed_while_a_lesson_is_frozen(
    freezing, tmp_path, qtbot, answer, state
):
    window, driver, gate = freezing
    window.click(driver.section.buttons.teach)
    run = driver.teaching.coming.run
    said = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, press)
            return
        said.append(box.text())
        button = box.findChild(QPushButton, answer)
        threading.Timer(0.3, gate.set).start()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, press)
    assert window.close_window()
    assert said == ["Run 0001 is about to begin. What becomes of it?"]
    qtbot.waitUntil(lambda: read_status(run).state == state, timeout=20000)
    assert alive_runs(run.parent) == ()
