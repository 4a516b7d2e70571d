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

from dense_transformer.teaching import Project

pytestmark = pytest.mark.gui
CHILD = Path(__file__).with_name("painting_child.py")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_strokes_survive_the_killing_of_napari(teaching, image_file, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(CHILD.parent)}
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


@pytest.mark.parametrize("end", ["viewer", "dock", "image", "layer", "project"])
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
