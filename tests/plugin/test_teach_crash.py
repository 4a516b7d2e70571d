"""What is painted outlives napari: killed, closed, out of disk, or deleted."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from teach_run_driver import RunDriver, end_all, write_bars

from dense_transformer.config import TeachConfig
from dense_transformer.teaching import Project
from dense_transformer.training.events import read_events
from napari_dtn.child import find_child, is_alive

pytestmark = pytest.mark.gui
CHILD = Path(__file__).with_name("painting_child.py")
LEARNER = Path(__file__).with_name("learning_child.py")
SAVED = TeachConfig().save_every  # steps


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_strokes_survive_the_killing_of_napari(teaching, image_file, tmp_path):
    environment = {**os.environ, "PYTHONPATH": path_with(CHILD.parent)}
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(image_file), str(tmp_path)],
        stdout=subprocess.PIPE, env=environment, text=True,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line.strip())
            if len(said) == 4:
                break  # it goes on painting
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(20)
        rest = child.stdout.read() if child.stdout else ""
    assert len(said) == 4, f"the child said {said} and {rest}"
    told = [int(n) for n in [*said, *rest.split()] if n.isdigit()][-1]
    window = teaching(image_file)
    assert "cells-teach" in window.teach.status.text()  # it says what there is
    layer = window.annotate()
    painted = int((layer.data == 2).sum())
    assert painted >= told > 1000
    for row in range(10, 10 + 10 * len(said), 10):
        assert layer.data[row, 20:130].all()
    # It is whole, can be painted on, and taken back stroke by stroke.
    window.one.undo()
    window.settle()
    assert 0 < int((layer.data == 2).sum()) < painted


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_nothing_is_lost_when_napari_and_its_run_are_killed(teaching, tmp_path):
    image = write_bars(tmp_path / "bars.tif")
    run, told = kill_both(image, tmp_path)
    saved = last_step(run) // SAVED * SAVED
    window = teaching(image)
    layer = window.annotate()
    assert int((layer.data > 0).sum()) >= told > 500
    driver = RunDriver(window)
    try:
        driver.until("died")
        assert driver.run == run
        driver.click("resume")
        driver.until_step(saved + SAVED)
        driver.click("stop")
        driver.until("stopped")
    finally:
        end_all(tmp_path)
    assert (run / "best.safetensors").exists()
    begun = [e["step"] for e in read_events(run / "events.jsonl") if is_start(e)]
    assert begun == [0, saved]  # it went on from its last save


def kill_both(image: Path, folder: Path) -> tuple[Path, int]:
    """Kill a napari that paints and its run that learns; return run and pixels."""
    environment = {
        **os.environ, "PYTHONPATH": path_with(CHILD.parent), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    napari = subprocess.Popen(
        [sys.executable, str(LEARNER), str(image), str(folder)],
        stdout=subprocess.PIPE, env=environment, text=True,
    )  # fmt: skip
    assert napari.stdout is not None
    try:
        run, told = Path(napari.stdout.readline().strip()), 0
        while last_step(run) < SAVED + 2:
            told = int(napari.stdout.readline())  # it paints on meanwhile
        process = find_child(run)
    finally:
        napari.kill()
        end_all(folder)
        napari.communicate(timeout=20)
    assert process is not None
    assert not is_alive(process)
    return run, told


def last_step(run: Path) -> int:
    """Return the last step of which a run has told."""
    return max((e["step"] for e in read_events(run / "events.jsonl")), default=0)


def is_start(event: dict) -> bool:
    return event["event"] == "start"


def path_with(folder: Path) -> str:
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])


def test_a_full_disk_loses_nothing(teaching, image_file, monkeypatch, tmp_path):
    from dense_transformer.teaching import journal_file

    window = teaching(image_file)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (20, 20), (20, 120))
    window.settle()
    real, full = os.write, [True]

    def write(handle, data):
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr(journal_file.os, "write", write)
    window.stroke(layer, (60, 20), (60, 120))
    window.until(lambda: window.one.state.unsaved == 1)
    assert "No space" in window.teach.status.text()
    assert layer.data[60, 70] == 2
    full[0] = False
    window.section("AnnotateSection").counts.save()  # a timer does, every 5 s
    window.until(lambda: "saved now" in window.teach.status.text())
    window.settle()
    monkeypatch.undo()
    with Project.open(image_file.parent / "cells-teach", write=False) as project:
        labels = np.asarray(project.journal("cells").annotations().labels)
    np.testing.assert_array_equal(labels[0], layer.data)


def test_closing_the_dock_keeps_the_last_stroke(teaching, image_file):
    window = teaching(image_file)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (20, 20), (20, 120))
    painted = np.array(layer.data)
    window.close()  # at once
    with Project.open(image_file.parent / "cells-teach") as project:  # no lock is left
        labels = np.asarray(project.journal("cells").annotations().labels)
    np.testing.assert_array_equal(labels[0], painted)


@pytest.mark.parametrize(
    "end",
    [
        "viewer",
        "project",
        *(pytest.param(e, marks=pytest.mark.slow) for e in ("dock", "image", "layer")),
    ],
)
def test_what_was_painted_just_before_is_kept(teaching, image_file, tmp_path, end):
    window = teaching(image_file)
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (20, 20), (20, 120))
    window.press(60, 20)
    window.lead((60, 20), (60, 120), 4)  # and one that goes on
    painted = np.array(layer.data)
    assert (painted[60] == 2).sum() > 80
    if end == "viewer":
        window.viewer.close()
    elif end == "dock":
        window.viewer.window.remove_dock_widget(window.frame)
    elif end == "image":
        window.viewer.layers.remove("cells")
    elif end == "layer":
        window.viewer.layers.remove(layer)
    else:
        window.section("AnnotateSection").project.create(tmp_path / "another")
    if end in ("image", "layer", "project"):
        window.let_go()
        window.settle()
        window.close()
    with Project.open(image_file.parent / "cells-teach") as project:
        labels = np.asarray(project.journal("cells").annotations().labels)
    np.testing.assert_array_equal(labels[0], painted)


@pytest.mark.slow
def test_an_image_without_a_file_finds_its_annotations_again(teaching):
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (80, 90), np.uint8)
    other = rng.integers(0, 255, (80, 90), np.uint8)
    window = teaching(other, name="other")
    window.annotate()
    window.close()
    window = teaching(image, name="mine")
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(1))
    window.stroke(layer, (20, 20), (20, 70))
    window.settle()
    painted, folder = np.array(layer.data), window.teach.context.folder
    window.close()
    window = teaching(image, name="renamed")
    layer = window.annotate()
    assert window.teach.context.folder == folder
    np.testing.assert_array_equal(layer.data, painted)
