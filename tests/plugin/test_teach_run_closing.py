"""Closing the window asks what becomes of a run, and nothing hangs."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import QEvent, QObject, Qt, QTimer, Signal
from qtpy.QtGui import QCloseEvent
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMainWindow, QMessageBox, QPushButton

from dense_transformer.teaching.trash import bring_back
from dense_transformer.training.lock import locked
from napari_dtn.teach_run_closing import Closing
from napari_dtn.teach_runs_alive import discard_soon, stop_run

pytestmark = pytest.mark.gui


class Context:
    viewer = object()

    def __init__(self, widget) -> None:
        self.widget = widget


class Teaching(QObject):
    """A run that is going on."""

    told = Signal(object)
    others_changed = Signal()
    beginning_changed = Signal()

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.run, self.coming = run, None
        self.living: tuple[Path, ...] = (run,)


class Main(QMainWindow):
    """A window that may think better of it, as napari asks whether to close."""

    closes = True

    def closeEvent(self, event) -> None:
        event.setAccepted(self.closes)


@pytest.fixture
def window(qtbot):
    main = Main()
    main.setCentralWidget(QOpenGLWidget())
    main.show()
    # At its end nobody is there to answer.
    qtbot.addWidget(main, before_close_func=lambda w: w.centralWidget().hide())
    qtbot.waitExposed(main)
    return main


@pytest.fixture
def closing(window, tmp_path):
    teaching = Teaching(tmp_path)
    closing = Closing(Context(window.centralWidget()), teaching, window)
    teaching.told.emit(None)  # from here on it watches the window
    yield closing
    closing.shut_down()


@pytest.fixture
def at_work(tmp_path):
    """A run whose process holds its lock."""
    with locked(tmp_path / "lock"):
        yield tmp_path


def once_asked(act) -> None:
    """Call `act` with the question as soon as it is there."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            act(box)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def press(name: str) -> list[str]:
    """Click a button of the question; return what it said."""
    said: list[str] = []

    def act(box: QMessageBox) -> None:
        said.append(box.text())
        button = box.findChild(QPushButton, name)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    once_asked(act)
    return said


@pytest.mark.parametrize(
    ("answer", "files"), [("leave", []), ("stop", ["stop"]), ("discard", ["discard"])]
)
def test_the_answer_is_a_file_of_the_run(window, closing, at_work, answer, files):
    said = press(answer)
    assert window.close()
    assert said == ["The model is still learning. What becomes of it?"]
    asked = [name for name in ("stop", "discard") if (at_work / name).exists()]
    assert asked == files


@pytest.mark.parametrize("answer", ["stop", "discard"])
def test_nothing_is_done_where_napari_stays_open_after_all(
    window, closing, at_work, answer
):
    window.closes = False
    press(answer)
    assert not window.close()
    assert window.isVisible()
    assert [path.name for path in at_work.iterdir()] == ["lock"]
    window.closes = True
    press(answer)  # it is asked again
    assert window.close()
    assert (at_work / answer).exists()


def test_what_is_discarded_at_the_end_can_be_brought_back(window, closing, tmp_path):
    run = tmp_path / "0001"
    run.mkdir()
    (run / "best.safetensors").write_bytes(b"best")
    (run / "state.pt").write_bytes(b"state")
    closing._teaching.living = (run,)
    press("discard")
    assert window.close()
    assert not (run / "best.safetensors").exists()
    bring_back(run)
    assert (run / "best.safetensors").read_bytes() == b"best"


def test_the_window_stays_where_that_is_the_answer(window, closing, tmp_path):
    press("cancel")
    assert not window.close()
    assert window.isVisible()
    assert list(tmp_path.iterdir()) == []


def test_escape_does_not_close(window, closing):
    once_asked(lambda box: QTest.keyClick(box, Qt.Key.Key_Escape))
    assert not window.close()


def test_nothing_is_asked_where_nothing_is_at_work(window, closing):
    closing._teaching.living = ()
    assert window.close()


def test_a_script_that_takes_the_canvas_away_first_is_not_asked(window, closing):
    window.centralWidget().hide()
    assert window.close()


def test_other_events_go_through(window, closing):
    assert not closing.eventFilter(window, QEvent(QEvent.Type.Resize))
    assert not closing.eventFilter(closing, QCloseEvent())


def test_the_closed_dock_asks_without_waiting(window, closing, tmp_path, qtbot):
    closing.dock_closed()  # returns at once
    box = window.findChild(QMessageBox)
    assert box.isVisible()
    assert box.findChild(QPushButton, "cancel") is None
    QTest.mouseClick(box.findChild(QPushButton, "stop"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (tmp_path / "stop").exists())


def test_a_run_of_a_project_that_was_left_is_asked_for(window, closing, tmp_path):
    run = tmp_path / "cells-teach" / "runs" / "0001"
    run.mkdir(parents=True)
    here = tmp_path / "other-teach" / "runs" / "0001"
    here.mkdir(parents=True)
    teaching = closing._teaching
    with locked(run / "lock"):
        teaching.living = (run,)
        teaching.told.emit(None)
        teaching.living = (here,)  # another project is opened
        said = press("stop")
        assert window.close()
    assert "0001 of other-teach and 0001 of cells-teach" in said[0]
    assert (run / "stop").exists()
    assert (here / "stop").exists()


def test_a_run_of_a_project_that_was_left_and_ended_is_not(window, closing, tmp_path):
    teaching = closing._teaching
    teaching.told.emit(None)  # with a run that no process holds by now
    teaching.living = ()
    assert window.close()


def test_the_closed_dock_can_be_opened_again(
    window, closing, tmp_path, qtbot, monkeypatch
):
    opened = []
    monkeypatch.setattr("napari_dtn.teach_run_closing.open_dock", opened.append)
    closing.dock_closed()
    box = window.findChild(QMessageBox)
    QTest.mouseClick(box.findChild(QPushButton, "reopen"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened == [Context.viewer])
    assert list(tmp_path.iterdir()) == []  # the run is left going


def test_all_runs_that_live_are_asked_for(window, closing, tmp_path):
    runs = tmp_path / "0001", tmp_path / "0002"
    for run in runs:
        run.mkdir()
    closing._teaching.living = runs
    said = press("stop")
    assert window.close()
    assert said[0].startswith("2 runs learn or wait their turn: 0001 and 0002.")
    assert "for all of them" in said[0]
    assert all((run / "stop").exists() for run in runs)


class Coming:
    """A run that is being begun."""

    def __init__(self, run: Path) -> None:
        self.run, self.ended = run, []

    def end(self, how) -> None:
        self.ended.append(how)


@pytest.mark.parametrize(
    ("answer", "how"),
    [("leave", []), ("stop", [stop_run]), ("discard", [discard_soon])],
)
def test_a_run_that_is_being_begun_is_named_and_gets_the_answer(
    window, closing, tmp_path, answer, how
):
    teaching = closing._teaching
    teaching.living, teaching.coming = (), Coming(tmp_path / "runs" / "0003")
    said = press("cancel")
    assert not window.close()
    assert said == ["Run 0003 is about to begin. What becomes of it?"]
    window.closes = False
    press(answer)
    assert not window.close()
    assert teaching.coming.ended == []
    window.closes = True
    press(answer)
    assert window.close()
    assert teaching.coming.ended == how


def test_a_run_that_is_being_begun_is_asked_for_beside_one_at_work(
    window, closing, at_work
):
    closing._teaching.coming = coming = Coming(at_work.parent / "0003")
    said = press("stop")
    assert window.close()
    assert said[0].startswith("2 runs learn, wait their turn or are about to begin: ")
    assert f"{at_work.name} and 0003" in said[0]
    assert coming.ended == [stop_run]
    assert (at_work / "stop").exists()


def test_the_closed_dock_asks_for_a_run_that_is_being_begun(
    window, closing, tmp_path, qtbot
):
    teaching = closing._teaching
    teaching.living, teaching.coming = (), Coming(tmp_path / "0003")
    closing.dock_closed()
    box = window.findChild(QMessageBox)
    assert "Run 0003" in box.text()
    QTest.mouseClick(box.findChild(QPushButton, "discard"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: teaching.coming.ended == [discard_soon])
