"""What is asked of a run acts whatever it is doing, and is said until it has."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QObject
from teach_run_driver import write_run

from dense_transformer.errors import DataError
from dense_transformer.teaching import beginning
from dense_transformer.teaching.status import RunStatus, read_status, write_status
from dense_transformer.teaching.trash import bring_back
from dense_transformer.training.lock import locked
from napari_dtn.child import find_child, is_alive, start_child
from napari_dtn.teach_run_asks import Asks
from napari_dtn.teach_runs_alive import discard_run, stop_run

LOADS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def loading(tmp_path):
    """A run whose process loads: it has no lock yet, and hears nothing."""
    run = write_run(tmp_path / "0001", "running", steps=8)
    (run / "best.safetensors").write_bytes(b"best")
    (run / "state.pt").write_bytes(b"state")
    start_child(LOADS, run)
    return run


@pytest.fixture
def at_work(teaching, image_file, tmp_path):
    """Return a window that follows a run at work, and what ends its process."""
    window = teaching(image_file)
    section = window.section("RunSection")
    run = write_run(tmp_path / "runs" / "0001", "running", steps=8)
    with ExitStack() as process:
        process.enter_context(locked(run / "lock"))
        section.teaching.adopt(run)
        window.until(lambda: section.teaching.state == "running")
        window.settle()
        yield window, section, process


def test_a_run_that_loads_stops_at_once(loading):
    stop_run(loading)
    assert not is_alive(find_child(loading))
    status = read_status(loading)
    assert (status.state, status.step) == ("stopped", 8)
    assert (loading / "best.safetensors").exists()


def test_a_run_that_loads_and_had_ended_stays_as_it_was(loading):
    said = RunStatus("finished", 8, 8, "better", improved=True)
    write_status(loading, said)
    stop_run(loading)
    assert read_status(loading) == said


def test_a_run_that_loads_is_discarded_at_once_and_comes_back(loading):
    discard_run(loading)
    assert not is_alive(find_child(loading))
    assert read_status(loading).state == "discarded"
    bring_back(loading)
    assert (loading / "best.safetensors").read_bytes() == b"best"
    assert read_status(loading).state == "stopped"


@pytest.mark.gui
@pytest.mark.parametrize(
    ("button", "words", "state", "came"),
    [("pause", "Pausing…", "paused", "Paused at"),
     ("stop", "Stopping…", "stopped", "Stopped at")],
)  # fmt: skip
def test_what_is_asked_is_said_until_it_has_happened(
    at_work, button, words, state, came
):
    window, section, process = at_work
    run, pressed = section.teaching.run, getattr(section.buttons, button)
    window.click(pressed)
    assert section.progress.words.text() == words
    assert not pressed.isEnabled()
    window.until((run / button).exists)
    write_status(run, RunStatus(state, 8, 24))
    if state == "stopped":
        process.close()
    window.until(lambda: section.progress.words.text().startswith(came))


@pytest.mark.gui
def test_what_is_asked_of_a_run_that_is_being_begun_spares_the_one_before(
    teaching, image_file, tmp_path
):
    window = teaching(image_file)
    section = window.section("RunSection")
    before = write_run(tmp_path / "runs" / "0001", "finished", steps=8)
    (before / "best.safetensors").touch()
    run_of = section.teaching
    run_of.adopt(before)
    window.until(lambda: run_of.state == "finished")
    run_of.coming = SimpleNamespace(run=Path("0002"))
    section._show_buttons()
    window.click(section.buttons.discard)
    assert section.progress.words.text() == "Discarding…"
    new = write_run(tmp_path / "runs" / "0002", "running")
    start_child(LOADS, new)
    run_of._begun((new, False))
    window.until(lambda: run_of.run == new and run_of.state == "discarded")
    assert not is_alive(find_child(new))
    assert (before / "best.safetensors").exists()


@pytest.mark.slow
@pytest.mark.gui
def test_the_buttons_are_for_the_run_at_work_while_another_is_begun(at_work):
    window, section, _ = at_work
    section.teaching.coming = SimpleNamespace(run=Path("0002"))
    assert section.teaching.state == "running"
    window.click(section.buttons.pause)
    window.until((section.teaching.run / "pause").exists)


@pytest.mark.slow
@pytest.mark.gui
def test_teaching_without_a_model_says_so_and_nothing_hangs(
    teaching, image_file, monkeypatch
):
    window = teaching(image_file)
    window.annotate()
    section = window.section("RunSection")
    monkeypatch.setattr(window.teach.context, "model", lambda: None)
    window.click(section.buttons.teach)
    assert section.progress.words.text() == ""
    assert section.buttons.teach.isEnabled()
    assert window.teach.status.text().startswith("No model is chosen")


@pytest.mark.gui
def test_a_run_that_can_t_be_begun_leaves_the_words_of_the_one_before(
    at_work, monkeypatch
):
    window, section, _ = at_work
    window.annotate()
    section.teaching.adopt(write_run(section.teaching.run.parent / "0000", steps=8))
    window.until(lambda: section.progress.words.text().startswith("Stopped at"))
    told = []
    monkeypatch.setattr(window.teach.context, "fail", told.append)

    def begin(*_: object) -> None:
        raise DataError("nothing is annotated yet")

    monkeypatch.setattr(beginning, "begin_run", begin)
    window.click(section.buttons.teach)
    assert section.progress.words.text().startswith("Freezing")
    window.until(lambda: bool(told))
    assert section.progress.words.text().startswith("Stopped at")
    assert section.buttons.teach.isEnabled()


def test_what_was_asked_of_the_run_before_is_not_asked_of_the_next(qapp, tmp_path):
    first, second = (write_run(tmp_path / name, "running") for name in ("1", "2"))
    parent = QObject()
    asks = Asks(parent)
    asks.ask("stop", first)
    asks.begun(second)
    asks.give_up()
    assert asks.what == "stop"  # of the first, still on its way
    asks.finish(5.0)
    assert not (second / "stop").exists()
