"""What is shown of a run is of that run, and of how it stands now."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from teach_run_driver import write_run

from dense_transformer.locks import try_lock
from dense_transformer.teaching.control import put_away
from dense_transformer.teaching.status import RunStatus, write_status

pytestmark = pytest.mark.gui


@pytest.fixture
def shown(teaching, image_file, tmp_path):
    """Return a window that shows a run of eight steps."""
    window = teaching(image_file)
    section = window.section("RunSection")
    section.teaching.adopt(write_run(tmp_path / "runs" / "0001", steps=8))
    window.until(lambda: section.teaching.state == "stopped")
    window.settle()
    return window


def show_another(window, tmp_path) -> None:
    teaching = window.section("RunSection").teaching
    run = write_run(tmp_path / "runs" / "0002")
    teaching.adopt(run)
    window.until(lambda: teaching.news is not None and teaching.news.run == run)
    window.settle()


def test_the_curves_of_the_run_before_are_gone(shown, tmp_path):
    curve = shown.section("RunSection").progress.curve
    assert len(curve._raw.getData()[0]) == 8
    show_another(shown, tmp_path)
    for line in (curve._raw, curve._smooth, curve._scores, curve._start, curve._best):
        values = line.getData()[0]
        assert values is None or len(values) == 0


@pytest.mark.slow
def test_the_words_of_a_comparison_are_gone(shown, tmp_path):
    compare = shown.section("CompareSection")
    compare.bar.say("29.7 % of the pixels differ between before and after.")
    show_another(shown, tmp_path)
    assert compare.bar.status.text() == ""


def test_what_was_done_with_models_is_said_until_another_run(shown, tmp_path):
    models = shown.section("ModelsSection")
    models.words.setText("Kept as cells.")
    models.teaching.adopt(models.teaching.run)
    shown.settle()
    assert models.words.text() == "Kept as cells."
    show_another(shown, tmp_path)
    assert models.words.text() == ""


@pytest.mark.slow
def test_a_discarded_run_has_no_command(shown, monkeypatch):
    monkeypatch.setattr(
        "napari_dtn.tabs.teach_run.repeating_command", lambda run: ["dtn", run.name]
    )
    section = shown.section("RunSection")
    run = section.teaching.run
    (run / "start.safetensors").touch()
    section._show_command()
    shown.until(lambda: section.command.text == "dtn 0001")
    shown.click(section.buttons.discard)
    shown.until(lambda: section.command.text == "")
    assert not section.command.copy.isEnabled()
    shown.click(section.buttons.back)
    shown.until(lambda: section.command.text == "dtn 0001")
    assert section.command.copy.isEnabled()


def test_teach_more_is_said_only_where_it_goes_on_from_the_run(shown, monkeypatch):
    section, context = shown.section("RunSection"), shown.teach.context
    write_status(section.teaching.run, RunStatus("kept", 8, 24, name="mine"))
    shown.until(lambda: section.teaching.state == "kept")
    assert section.buttons.teach.text() == "▶ Teach again"  # another is chosen
    monkeypatch.setattr(context, "model", lambda: SimpleNamespace(key="mine"))
    section._show_buttons()
    assert section.buttons.teach.text() == "▶ Teach more"


def test_bring_back_is_offered_while_it_is_possible(shown, tmp_path):
    section = shown.section("RunSection")
    (section.teaching.run / "state.pt").touch()
    shown.click(section.buttons.discard)
    shown.until(section.buttons.back.isEnabled)
    another = write_run(tmp_path / "runs" / "0002")
    (another / "state.pt").touch()
    put_away(another)
    shown.until(lambda: not section.buttons.back.isEnabled())
    assert section.buttons.back.isVisible()


@pytest.mark.slow
@pytest.mark.parametrize("alive", [True, False])
def test_a_living_run_that_is_found_opens_its_section(teaching, image_file, alive):
    window = teaching(image_file)
    window.annotate()
    fold = next(
        f for f in window.teach.folds if type(f.section).__name__ == "RunSection"
    )
    run = write_run(window.teach.context.folder / "runs" / "0001", "running")
    (run / "lesson.json").write_text("{}")
    lock = os.open(run / "lock", os.O_RDWR | os.O_CREAT)
    if alive:
        assert try_lock(lock)
        os.write(lock, f"{os.getpid()}\n".encode())
    fold.section.teaching._look_for_runs()  # as when a project is opened
    window.until(lambda: fold.section.teaching.run == run)
    window.settle()
    assert fold.isExpanded() == alive
    os.close(lock)
