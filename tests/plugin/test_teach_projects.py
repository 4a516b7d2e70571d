"""Projects in the window: several images, opened again, out and in as data sets."""

from __future__ import annotations

import shutil
from threading import Event

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QListWidget,
)

import dense_transformer.teaching as teaching_core
from dense_transformer.teaching import Project
from dense_transformer.types import Progress
from dense_transformer.zoo.catalogue import own_path
from napari_dtn.annotation_writing import JournalWriter

MINE = ("AnnotateSection", "PatchesSection", "WhereSection")


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / "one.tif", tmp_path / "two.tif"]
    for path in paths:
        tifffile.imwrite(path, rng.integers(0, 255, (90, 120), np.uint8))
    return paths


def paint(window, row: int) -> np.ndarray:
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (row, 20), (row, 100))
    window.settle()
    return np.array(layer.data)


def test_two_images_share_a_project_that_brings_both_back(teaching, files, tmp_path):
    window = teaching(files[0])
    first = paint(window, 20)
    folder = window.teach.context.folder
    window.viewer.open(str(files[1]), plugin="napari")  # is chosen
    window.settle()
    second = paint(window, 60)
    assert window.teach.context.folder == folder
    assert [e.name for e in window.teach.context.project.images] == ["one", "two"]
    images = window.dock.predict.images
    images.choose(window.viewer.layers["one"])
    window.until(lambda: window.one is not None and window.one.entry.name == "one")
    assert sum(window.one.state.pixels) == np.count_nonzero(first)

    box = window.section("AnnotateSection").project
    box.exchange.export_to(tmp_path / "set")
    window.settle()
    for name, painted in (("one", first), ("two", second)):
        labels = tifffile.imread(tmp_path / "set" / "labels" / f"{name}.tif")
        np.testing.assert_array_equal(labels, painted)

    window.viewer.layers.clear()
    window.settle()
    box.create(tmp_path / "other")
    window.settle()
    box.exchange.import_from(tmp_path / "set")
    window.settle()
    names = sorted(layer.name for layer in window.viewer.layers)
    assert names == ["one", "two"]
    with Project.open(tmp_path / "other", write=False) as project:
        for name, painted in (("one", first), ("two", second)):
            labels = np.asarray(project.journal(name).annotations().labels)[0]
            np.testing.assert_array_equal(labels, painted)

    window.viewer.layers.clear()
    window.settle()
    box.open(folder)
    window.settle()
    images.choose(window.viewer.layers["two"])
    layer = window.annotate()
    np.testing.assert_array_equal(layer.data, second)
    assert window.teach.context.folder == folder


def written(window) -> int:
    """Return how many pixels of the image are in the files of its project."""
    with Project.open(window.teach.context.folder, write=False) as project:
        return sum(project.journal(window.one.entry.name).pixels)


@pytest.fixture
def endless(monkeypatch):
    """Let export and import take for ever, in small pieces; return what was begun."""
    begun = []

    def steps(project, folder):
        begun.append(project.writable)
        while True:
            yield Progress(1, 4, "image", message="working")

    monkeypatch.setattr(teaching_core, "export_data_set", steps)
    monkeypatch.setattr(teaching_core, "import_data_set", steps)
    return begun


@pytest.mark.slow
@pytest.mark.parametrize("way", ["export_to", "import_from"])
def test_strokes_are_written_while_a_data_set_comes_or_goes(
    teaching, files, tmp_path, endless, way
):
    window = teaching(files[0])
    painted = np.count_nonzero(paint(window, 20))
    box = window.section("AnnotateSection").project
    getattr(box.exchange, way)(tmp_path / "set")
    window.until(lambda: box.bar.value() == 1)
    assert box.bar.maximum() == 4
    assert endless == [way == "import_from"]  # who exports only looks
    assert written(window) == painted
    window.stroke(window.one.layer, (60, 20), (60, 100))
    window.until(lambda: written(window) > painted)
    assert box.exchange.working
    assert not box.export.isEnabled()
    window.click(box.stop)
    window.until(lambda: not box.exchange.working)
    assert not box.stop.isVisible()
    assert box.export.isEnabled()
    assert "Stopped" in window.teach.status.text()


def test_imported_labels_are_seen_and_painted_on_at_once(teaching, files, tmp_path):
    window = teaching(files[0])
    before = paint(window, 20)
    for kind in ("images", "labels"):
        (tmp_path / "set" / kind).mkdir(parents=True)
    shutil.copy(files[0], tmp_path / "set" / "images" / "one.tif")
    labels = np.zeros((90, 120), np.uint8)
    labels[40:50, 10:110] = 1
    tifffile.imwrite(tmp_path / "set" / "labels" / "one.tif", labels)
    box = window.section("AnnotateSection").project
    (tmp_path / "set" / "patches.json").write_text(
        '{"patches": {"one": [[40, 10, 50, 110]]}, "from": {"one": ["one", 0]}}'
    )
    box.exchange.import_from(tmp_path / "set")
    window.until(lambda: not box.exchange.working)
    window.settle()
    layer = window.one.layer
    np.testing.assert_array_equal(layer.data, np.where(labels, labels, before))
    assert [patch.box for patch in window.one.state.patches] == [(40, 10, 50, 110)]
    window.stroke(layer, (45, 20), (45, 100))
    window.settle()
    assert written(window) == np.count_nonzero(layer.data)
    assert (layer.data[40:50, 10:110] > 0).all()


@pytest.mark.slow
def test_a_name_is_suggested_that_is_fresh_in_the_project_now_open(
    teaching, files, tmp_path
):
    window = teaching(files[0])
    paint(window, 20)
    folder = window.teach.context.folder
    models = window.section("ModelsSection")
    window.settle()
    root = window.teach.context.project.model.name
    assert models.name.text() == f"{root}-2"
    models.name.setText("of-the-first-project")
    box = window.section("AnnotateSection").project
    box.create(tmp_path / "other")
    window.settle()
    assert models.name.text() == f"{root}-2"
    own = own_path(f"{root}-2")  # somebody has kept a model meanwhile
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_bytes(window.core.path.read_bytes())
    box.open(folder)
    window.settle()
    assert models.name.text() == f"{root}-3"


def test_the_first_button_says_what_it_does(teaching, files):
    window = teaching(files[0])
    start = window.section("AnnotateSection").start
    said = [(start.text(), start.toolTip())]
    layer = window.annotate()
    said.append((start.text(), start.toolTip()))
    window.viewer.layers.selection.active = window.viewer.layers["one"]
    window.click(start)
    assert window.viewer.layers.selection.active is layer  # as the tip says
    window.viewer.layers.remove(layer)
    window.settle()
    said.append((start.text(), start.toolTip()))
    texts, tips = zip(*said, strict=True)
    assert texts == ("Annotate this image", "Go on painting", "Bring the layer back")
    assert len(set(tips)) == 3


def test_a_project_that_somebody_else_writes_is_not_opened(teaching, files, tmp_path):
    window = teaching(files[0])
    model = window.core.path
    with Project.create(tmp_path / "one-teach", model):
        window.click(window.section("AnnotateSection").start)
        window.until(lambda: "Failed" in window.teach.status.text())
        assert window.one is None
    paint(window, 20)  # once the other has let go
    assert sum(window.one.state.pixels) > 0


def test_every_control_has_a_name_and_a_tooltip(teaching, files):
    window = teaching(files[0])
    window.annotate()
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QListWidget)
    seen = 0
    for name in MINE:
        section = window.section(name)
        for kind in kinds:
            for widget in section.findChildren(kind):
                if isinstance(widget.parent(), (QListWidget, QComboBox)) or (
                    widget.objectName().startswith("qt_")
                ):
                    continue  # parts that Qt itself makes
                inner = kind is QAbstractSlider and "Scroll" in type(widget).__name__
                if inner:
                    continue
                seen += 1
                assert widget.accessibleName(), f"{name}: {widget} has no name"
                assert widget.toolTip(), f"{name}: {widget.accessibleName()}: no tip"
    assert seen > 20


@pytest.mark.slow
def test_a_stroke_made_while_an_import_is_read_stays(
    teaching, files, tmp_path, monkeypatch
):
    window = teaching(files[0])
    first = paint(window, 20)
    box = window.section("AnnotateSection").project
    box.exchange.export_to(tmp_path / "set")
    window.settle()
    window.one.undo()  # so that the import brings something
    window.settle()
    gate, reading, read = Event(), Event(), JournalWriter._read

    def wait(self):
        found = read(self)
        reading.set()
        gate.wait(20)
        return found

    monkeypatch.setattr(JournalWriter, "_read", wait)
    box.exchange.import_from(tmp_path / "set")
    window.until(reading.is_set)
    layer = window.one.layer
    window.stroke(layer, (10, 60), (60, 60))  # across what is imported
    mine = np.array(layer.data) > 0
    assert mine.any()
    gate.set()
    window.settle()
    assert (layer.data[mine] == 2).all()
    assert (layer.data[first > 0] == 2).all()
    with Project.open(window.teach.context.folder, write=False) as project:
        labels = np.asarray(project.journal("one").annotations().labels)[0]
    np.testing.assert_array_equal(labels, layer.data)
