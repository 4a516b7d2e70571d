"""A full disk: told once, tried again for every image, and no project stays locked."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
import tifffile

from dense_transformer.teaching import Project, journal_file, rescue
from napari_dtn import section_work
from napari_dtn.layer_removal import take_away


@pytest.fixture
def disk(monkeypatch):
    """Return a switch: full or not; nothing can be put aside where `home` is full."""
    real, state = os.write, {"full": False, "home": False}

    def write(handle, data):
        if state["full"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    def put_aside(*what):
        return None if state["home"] else aside(*what)

    from dense_transformer.teaching import journal_store

    aside = rescue.put_aside
    monkeypatch.setattr(journal_file.os, "write", write)
    monkeypatch.setattr(journal_store, "put_aside", put_aside)
    return state


@pytest.fixture
def told(monkeypatch):
    """Return the failures that napari shows."""
    errors = []
    monkeypatch.setattr(
        section_work.notification_manager,
        "receive_error",
        lambda kind, error, trace: errors.append(error),
    )
    return errors


def stroke(window, row: int) -> np.ndarray:
    layer = window.one.layer
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (row, 20), (row, 100))
    window.settle()
    return np.array(layer.data)


def kept(folder, name) -> np.ndarray:
    with Project.open(folder) as project:  # no lock is left
        return np.asarray(project.journal(name).annotations().labels)[0]


def test_an_outage_is_told_once_and_ends_for_every_image(
    teaching, image_file, tmp_path, disk, told
):
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, np.zeros((120, 160), np.uint8))
    window = teaching(image_file)
    window.annotate()
    counts = window.section("AnnotateSection").counts
    disk["full"] = True
    first = stroke(window, 30)
    disk["full"] = False
    window.viewer.open(str(other), plugin="napari")
    window.settle()
    window.annotate()  # has to be written
    disk["full"] = True
    second = stroke(window, 50)
    second = stroke(window, 70)
    for _ in range(3):  # a timer does, every 5 s
        counts.save()
        window.settle()
    assert len(told) == 1
    assert "No space" in window.teach.status.text()
    assert "not saved" in counts.text()
    take_away(window.viewer, [window.viewer.layers["cells"]])  # its strokes still wait
    window.settle()
    disk["full"] = False
    counts.save()
    window.until(lambda: "saved now" in window.teach.status.text())
    project = window.teach.context.project
    assert project.unsaved == 0
    disk["full"] = True
    stroke(window, 90)
    assert len(told) == 2  # another outage
    disk["full"] = False
    folder = window.teach.context.folder
    window.close()
    np.testing.assert_array_equal(kept(folder, "cells"), first)
    assert (kept(folder, "other")[second > 0] == 2).all()


@pytest.mark.slow
@pytest.mark.parametrize("home", [False, True])
def test_a_project_left_on_a_full_disk_can_be_opened_again(
    teaching, image_file, tmp_path, disk, told, home
):
    window = teaching(image_file)
    window.annotate()
    folder = window.teach.context.folder
    disk.update(full=True, home=home)
    painted = stroke(window, 30)
    box = window.section("AnnotateSection").project
    box.create(tmp_path / "another")
    window.settle()
    assert len(told) == 2  # at the stroke, and where it is now
    assert ("rescued" in str(told[1])) is not home
    disk["full"] = False
    box.open(folder)
    window.settle()
    assert window.teach.context.folder == folder
    np.testing.assert_array_equal(window.annotate().data, painted)
    assert len(told) == 2
    window.close()
    np.testing.assert_array_equal(kept(folder, "cells"), painted)


def test_a_dock_closed_on_a_full_disk_says_where_the_strokes_are(
    teaching, image_file, disk, told
):
    window = teaching(image_file)
    window.annotate()
    folder = window.teach.context.folder
    disk["full"] = True
    painted = stroke(window, 30)
    window.viewer.window.remove_dock_widget(window.frame)
    disk["full"] = False
    assert "rescued" in str(told[-1])
    np.testing.assert_array_equal(kept(folder, "cells"), painted)
