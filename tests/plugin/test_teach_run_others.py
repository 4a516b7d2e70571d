"""Runs beside the one that is followed: seen, ended, and followed in their turn."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QPushButton

from dense_transformer.locks import try_lock
from dense_transformer.teaching.status import RunStatus, read_status, write_status
from napari_dtn.child import find_child, is_alive, start_child
from napari_dtn.tabs.teach_run_choice import RunChoice, describe_runs
from napari_dtn.tabs.teach_run_others import OtherRuns
from napari_dtn.teach_run import TeachRun
from napari_dtn.teach_run_follow import Others, follow
from napari_dtn.teach_runs_alive import AliveRun, alive_runs, take_from_queue


class Context(QObject):
    """A tab without a project."""

    project_changed = Signal()
    project = None

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.say = self.said.append
        self.fail = pytest.fail


class Folders:
    """Runs of a project, as their folders show them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.locks: dict[str, int] = {}

    def make(self, name: str, state: str) -> Path:
        """Make a run, or change its state; it is locked while it lives."""
        run = self.folder / name
        run.mkdir(exist_ok=True)
        (run / "lesson.json").write_text("{}")
        write_status(run, RunStatus(state, 3, 9))
        alive = state in ("queued", "probing", "running", "paused")
        if alive and name not in self.locks:
            lock = os.open(run / "lock", os.O_RDWR | os.O_CREAT)
            assert try_lock(lock)
            os.write(lock, f"{os.getpid()}\n".encode())
            self.locks[name] = lock
        elif not alive and name in self.locks:
            os.close(self.locks.pop(name))
        return run


@pytest.fixture
def folders(tmp_path):
    folders = Folders(tmp_path)
    yield folders
    for lock in folders.locks.values():
        os.close(lock)


@pytest.fixture
def teaching(qtbot):
    teaching = TeachRun(Context())
    yield teaching
    teaching.shut_down()


def test_runs_that_live_are_found_those_at_work_first(folders):
    first, second = folders.make("0001", "queued"), folders.make("0002", "running")
    folders.make("0003", "finished")
    never_begun = folders.make("0004", "finished")
    (never_begun / "status.json").unlink()
    assert alive_runs(folders.folder) == (
        AliveRun(second, False), AliveRun(first, True),
    )  # fmt: skip
    assert alive_runs(folders.folder, second) == (AliveRun(first, True),)
    assert alive_runs(folders.folder / "none") == ()


def test_a_run_that_loads_waits_and_leaves_the_queue_at_once(folders):
    run = folders.make("0001", "stopped")
    (run / "status.json").unlink()
    start_child([sys.executable, "-c", "import time; time.sleep(60)"], run)
    assert alive_runs(folders.folder) == (AliveRun(run, True),)
    take_from_queue(run)
    assert alive_runs(folders.folder) == ()
    assert not is_alive(find_child(run))
    assert read_status(run).state == "discarded"


def test_what_was_learned_before_a_run_waited_stays(folders):
    run = folders.make("0001", "queued")
    (run / "state.pt").touch()
    take_from_queue(run)
    assert (run / "stop").exists()
    assert not (run / "discard").exists()


def test_who_follows_a_run_hears_of_the_others_before_it_ends(folders):
    first = folders.make("0001", "running")
    heard = follow(first, lambda: False)
    assert next(heard) == Others(first, ())
    assert next(heard).state == "running"
    second = folders.make("0002", "queued")
    folders.make("0001", "finished")
    assert next(heard) == Others(first, (AliveRun(second, True),))
    assert next(heard).state == "finished"
    heard.close()


def follow_two(teaching, folders, qtbot) -> tuple[Path, Path]:
    """Follow a run at work, behind which another waits."""
    first, second = folders.make("0001", "running"), folders.make("0002", "queued")
    teaching.adopt(first)
    qtbot.waitUntil(lambda: teaching.alive and bool(teaching.others))
    return first, second


@pytest.mark.gui
def test_the_run_at_work_is_followed_until_it_ends_then_the_next(
    teaching, folders, qtbot
):
    first, second = follow_two(teaching, folders, qtbot)
    assert teaching.run == first
    assert teaching.living == (first, second)
    folders.make("0001", "finished")
    qtbot.waitUntil(lambda: teaching.run == second)
    qtbot.waitUntil(lambda: teaching.state == "queued")
    assert teaching.others == ()
    assert teaching.living == (second,)
    assert teaching.context.said[0].startswith("0001: Done")


@pytest.mark.gui
def test_a_run_that_the_person_stops_stays_in_view(teaching, folders, qtbot):
    first, second = follow_two(teaching, folders, qtbot)
    teaching.stop()
    folders.make("0001", "stopped")
    folders.make("0002", "running")
    (second / "events.jsonl").write_text('{"event": "step", "step": 3}\n')
    qtbot.waitUntil(lambda: teaching.others == (AliveRun(second, False),))
    qtbot.waitUntil(lambda: teaching.state == "stopped")
    told = teaching._follower.noted
    with qtbot.waitSignal(told, check_params_cb=lambda news: news == second):
        pass  # it hears of the newer run that learns
    assert teaching.run == first


@pytest.mark.gui
def test_an_earlier_run_can_be_looked_at_while_another_learns(teaching, folders, qtbot):
    first, second = folders.make("0001", "finished"), folders.make("0002", "running")
    (second / "events.jsonl").write_text('{"event": "step", "step": 3}\n')
    teaching.adopt(first)
    qtbot.waitUntil(lambda: teaching.others == (AliveRun(second, False),))
    told = teaching._follower.noted
    with qtbot.waitSignal(told, check_params_cb=lambda news: news == second):
        pass  # it hears of the newer run
    assert teaching.run == first
    teaching.adopt(second)
    qtbot.waitUntil(lambda: teaching.state == "running")


@pytest.mark.gui
def test_earlier_runs_are_listed_once_there_are_two(qtbot, folders):
    first, second = folders.make("0001", "finished"), folders.make("0002", "queued")
    write_status(first, RunStatus("kept", 9, 9, name="mine"))
    choice = RunChoice()
    qtbot.addWidget(choice)
    choice.show_runs(describe_runs([first]), first)
    assert choice.isHidden()
    choice.show_runs(describe_runs([first, second]), first)
    assert not choice.isHidden()
    combo = choice.combo
    texts = [combo.itemText(at) for at in range(combo.count())]
    assert texts == ["0002 · waiting", "0001 · kept as mine"]
    assert combo.currentText() == texts[1]
    asked = []
    choice.chosen.connect(asked.append)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Up)
    assert asked == [second]


@pytest.mark.gui
def test_a_new_run_is_followed_only_if_nothing_is_at_work(teaching, folders, qtbot):
    first, second = follow_two(teaching, folders, qtbot)
    third = folders.make("0003", "queued")
    begun = []
    teaching.begun.connect(begun.append)
    for _ in range(2):  # it may have been seen already
        teaching._begun((third, True))
    assert teaching.run == first
    assert teaching.living == (first, second, third)
    teaching._begun((third, False))
    assert teaching.run == third
    assert begun == [third]


@pytest.mark.gui
def test_a_run_that_is_taken_from_the_queue_at_once_leaves_no_line(
    teaching, folders, qtbot
):
    _, second = follow_two(teaching, folders, qtbot)
    third = folders.make("0003", "stopped")
    (third / "status.json").unlink()
    start_child([sys.executable, "-c", "import time; time.sleep(60)"], third)
    teaching._begun((third, True))  # the follower has not met it yet
    teaching.discard_waiting(third)
    qtbot.waitUntil(lambda: teaching.others == (AliveRun(second, True),))
    assert not is_alive(find_child(third))


@pytest.mark.gui
def test_each_other_run_has_a_line(qtbot, tmp_path):
    lines = OtherRuns()
    qtbot.addWidget(lines)
    lines.show_runs([AliveRun(tmp_path / "1", False), AliveRun(tmp_path / "2", True)])
    texts = [label.text() for label in lines.findChildren(QLabel)]
    assert texts == ["At work: 1", "Waits: 2"]
    asked = []
    lines.discard_clicked.connect(asked.append)
    lines.show_clicked.connect(asked.append)
    buttons = lines.findChildren(QPushButton)
    assert [b.text() for b in buttons] == ["Show", "Show", "✕"]
    for button in buttons[1:]:
        button.click()
    assert asked == [tmp_path / "2"] * 2
    lines.show_runs([])
    assert lines.isHidden()
