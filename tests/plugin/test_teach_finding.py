"""The project of an image is found again, also where it is another image's."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import tifffile
from napari.layers import Image
from small_inspector import small_model
from teach_driver import TeachCore, TeachWindow

from dense_transformer.teaching import Project, default_project_folder
from dense_transformer.zoo import save_model
from napari_dtn.sources import read_source
from napari_dtn.tabs import teach_locate
from napari_dtn.teach_finding import known_project
from napari_dtn.teach_opening import open_image
from napari_dtn.teach_projects import make_project
from napari_dtn.teach_remembered import remember, remembered

STROKE = np.full((3, 50), 2, np.uint8)


@pytest.fixture
def near(tmp_path, monkeypatch):
    """Return a folder with two images and a model, the user's own data beside it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("one", "two"):
        tifffile.imwrite(folder / f"{name}.tif", np.zeros((40, 50), np.uint8))
    save_small(tmp_path)
    return folder


def save_small(folder) -> None:
    model = small_model()
    save_model(folder / "small.safetensors", model.network, model.card)


def project_with(folder, *images) -> None:
    with Project.create(folder, folder.parents[1] / "small.safetensors") as project:
        for image in images:
            project.add_image(image.stem, image)


def test_an_image_is_found_in_the_project_of_its_neighbour(near):
    one, two = near / "one.tif", near / "two.tif"
    assert known_project(two) is None
    project_with(near / "one-teach", one, two)
    assert known_project(one) == near / "one-teach"
    assert known_project(two) == near / "one-teach"
    # Made empty by a version that did not look beside it.
    project_with(near / "two-teach")
    assert known_project(two) == near / "one-teach"


def test_of_several_projects_with_an_image_its_own_is_meant(near):
    one, two = near / "one.tif", near / "two.tif"
    project_with(near / "one-teach", one, two)
    project_with(near / "other-teach", two)
    assert known_project(two) is None  # nobody knows which
    project_with(near / "two-teach", two)
    assert known_project(two) == near / "two-teach"


def test_projects_in_the_users_own_data_are_looked_through(near):
    one, two = near / "one.tif", near / "two.tif"
    users = default_project_folder(None).parent
    with Project.create(users / "one-1234", near.parent / "small.safetensors") as p:
        p.add_image("two", two)
    assert known_project(two) == users / "one-1234"
    assert known_project(one) is None


def test_what_is_damaged_beside_an_image_is_passed_over(near):
    one, two = near / "one.tif", near / "two.tif"
    project_with(near / "one-teach", one, two)
    for name, text in (("a", b"\0"), ("b", b"{}"), ("c", b"[" * 100_000)):
        folder = near / f"{name}-teach"
        folder.mkdir()
        (folder / "project.json").write_bytes(text)
    assert known_project(two) == near / "one-teach"
    shutil.rmtree(near / "one-teach")
    assert known_project(two) is None


def painted(folder, image: str, at: float) -> None:
    """Paint on an image of a project, at a time."""
    with Project.open(folder) as project:
        project.journal(image).paint(0, 2, 3, None, np.ones((4, 5), np.uint8))
    os.utime(folder / "annotations" / f"{image}.journal", (at, at))


def test_of_several_projects_the_last_painted_in_is_meant(near):
    one, two = near / "one.tif", near / "two.tif"
    for folder in (near / "one-teach", near / "other-teach", near / "two-teach"):
        project_with(folder, one, two)
    painted(near / "other-teach", "two", 2e9)
    assert known_project(two) == near / "other-teach"
    painted(near / "two-teach", "two", 1e9)
    assert known_project(two) == near / "other-teach"
    painted(near / "one-teach", "two", 2.1e9)
    assert known_project(two) == near / "one-teach"


def test_a_project_beside_an_image_may_have_any_name(near):
    one = near / "one.tif"
    project_with(near / "light", one)  # as `dtn teach light --new` makes it
    assert known_project(one) == near / "light"


@pytest.mark.parametrize("file", [True, False])
def test_a_project_of_any_place_is_found_once_it_was_opened(near, tmp_path, file):
    path, pixels = near / "one.tif", np.zeros((40, 50), np.uint8)
    source = read_source(Image(pixels, name="pixels"), (0, 0))
    far = tmp_path / "far" / "away"
    far.parent.mkdir()
    project = make_project(far, str(tmp_path / "small.safetensors"))
    image = project.add_image("pixels", path if file else pixels)
    project.close()
    opened = open_image(source, path if file else None, "no model is needed")
    opened.project.close()
    assert (opened.project.folder, opened.entry) == (far, image)
    shutil.rmtree(far)
    assert known_project(path) is None


@pytest.mark.parametrize(
    "text", [b"\0", b"{}", b"[1]", b"[" * 100_000, b'["a\\u0000"]']
)
def test_a_damaged_list_of_projects_is_made_anew(near, text):
    users = default_project_folder(None).parent
    users.parent.mkdir(parents=True, exist_ok=True)
    users.with_suffix(".json").write_bytes(text)
    assert known_project(near / "one.tif") is None
    remember(near / "b")
    remember(near / "a")
    remember(near / "b")
    assert remembered() == [near / "b", near / "a"]


def test_what_was_painted_in_another_images_project_comes_back(
    teaching, image_file, tmp_path, qtbot
):
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, np.zeros((90, 120), np.uint8))
    window = teaching(image_file)
    window.annotate()
    window.viewer.open(str(other), plugin="napari")  # is chosen
    window.settle()
    layer = window.annotate()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (30, 20), (30, 100))
    window.settle()
    labels = np.array(layer.data)
    assert labels.any()
    window.viewer.window.remove_dock_widget(window.frame)
    window.viewer.layers.remove("cells")

    again = TeachWindow(window.viewer, TeachCore(tmp_path), qtbot)
    try:
        again.turn_to_teach()
        assert "in cells-teach" in again.teach.status.text()
        np.testing.assert_array_equal(again.annotate().data, labels)
        assert again.teach.context.folder.name == "cells-teach"
        assert not (tmp_path / "other-teach").exists()
    finally:
        again.close()


@pytest.fixture
def two_projects(teaching, tmp_path):
    """Return a window on `a`, whose project is open, and `b`, which has its own."""
    save_small(tmp_path)
    for name, row in (("a", 30), ("b", 50)):
        file = tmp_path / f"{name}.tif"
        tifffile.imwrite(file, np.full((90, 120), row, np.uint8))
        folder = tmp_path / f"{name}-teach"
        with Project.create(folder, tmp_path / "small.safetensors") as project:
            project.add_image(name, file)
            project.journal(name).paint(0, row, 20, None, STROKE)
    window = teaching(tmp_path / "a.tif")
    window.annotate()
    window.viewer.open(str(tmp_path / "b.tif"), plugin="napari")  # is chosen
    window.settle()
    assert window.teach.context.folder.name == "a-teach"
    return window


def shown(row: int) -> np.ndarray:
    labels = np.zeros((90, 120), np.uint8)
    labels[row : row + 3, 20:70] = STROKE
    return labels


def stroke(window, layer, row: int) -> np.ndarray:
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (row, 20), (row, 100))
    window.settle()
    return np.array(layer.data)


@pytest.mark.slow
def test_an_image_with_a_project_of_its_own_goes_on_there(two_projects):
    window = two_projects
    section = window.section("AnnotateSection")
    assert "annotated in b-teach, not in a-teach" in window.teach.status.text()
    assert (section.start.text(), section.bring.isVisible()) == (
        "Open its project",
        True,
    )
    layer = window.annotate()
    assert window.teach.context.folder.name == "b-teach"
    np.testing.assert_array_equal(layer.data, shown(50))
    assert not section.bring.isVisible()
    window.dock.predict.images.choose(window.viewer.layers["a"])  # and back
    window.settle()
    np.testing.assert_array_equal(window.annotate().data, shown(30))
    assert window.teach.context.folder.name == "a-teach"


def test_an_image_is_brought_with_what_is_painted_on_it(two_projects, tmp_path):
    window = two_projects
    section = window.section("AnnotateSection")
    window.click(section.bring)
    window.until(lambda: window.one is not None and window.one.layer is not None)
    window.settle()
    layer = window.one.layer
    assert window.teach.context.folder.name == "a-teach"
    np.testing.assert_array_equal(layer.data, shown(50))
    after = stroke(window, layer, 70)
    window.one.undo()  # the stroke
    window.one.undo()  # what came, as one step
    window.settle()
    assert not layer.data.any()
    window.one.redo()
    window.one.redo()
    window.settle()
    np.testing.assert_array_equal(layer.data, after)
    # The next session goes on with what was painted last.
    assert known_project(tmp_path / "b.tif") == tmp_path / "a-teach"


@pytest.mark.slow
def test_all_projects_with_something_painted_are_named(two_projects, tmp_path, qtbot):
    window = two_projects
    with Project.open(tmp_path / "b-teach") as project:
        project.add_image("a", tmp_path / "a.tif")
        project.journal("a").paint(0, 70, 20, None, STROKE)
    window.viewer.window.remove_dock_widget(window.frame)
    again = TeachWindow(window.viewer, TeachCore(tmp_path), qtbot)
    try:
        again.dock.predict.images.choose(again.viewer.layers["a"])
        again.turn_to_teach()
        assert "are in b-teach, others in a-teach" in again.teach.status.text()
        np.testing.assert_array_equal(again.annotate().data, shown(70))
    finally:
        again.close()


@pytest.mark.slow
def test_a_click_before_it_is_known_adds_nothing(two_projects):
    window = two_projects
    annotator = window.teach.context.annotator
    annotator.finder.forget()  # as if it were still being looked for
    window.click(window.section("AnnotateSection").start)
    window.until(lambda: annotator.elsewhere)
    window.settle()
    assert window.one is None
    assert [e.name for e in window.teach.context.project.images] == ["a"]
    np.testing.assert_array_equal(window.annotate().data, shown(50))


@pytest.mark.slow
def test_pixels_without_a_file_are_looked_for_too(two_projects, tmp_path):
    window = two_projects
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120), np.uint8)
    stored = default_project_folder(None)
    with Project.create(stored, tmp_path / "small.safetensors") as project:
        project.add_image("pixels", pixels)
        project.journal("pixels").paint(0, 70, 20, None, STROKE)
    window.add_image(pixels, name="another name")
    window.settle()
    window.click(window.section("AnnotateSection").start)
    window.until(lambda: window.teach.context.annotator.elsewhere)
    window.settle()
    np.testing.assert_array_equal(window.annotate().data, shown(70))
    assert window.teach.context.folder == stored


def test_an_image_that_was_moved_alone_goes_on_in_its_project(two_projects, tmp_path):
    window = two_projects
    moved = tmp_path / "far" / "renamed.tif"
    moved.parent.mkdir()
    remember(tmp_path / "b-teach")  # it was opened once
    (tmp_path / "b.tif").rename(moved)
    window.viewer.open(str(moved), plugin="napari")
    window.settle()
    assert "annotated in b-teach" in window.teach.status.text()
    np.testing.assert_array_equal(window.annotate().data, shown(50))
    assert window.teach.context.folder == tmp_path / "b-teach"
    project = window.teach.context.project
    assert (project.missing, len(project.images)) == ((), 1)
    project.open_image("b")


@pytest.mark.slow
def test_one_can_say_in_the_window_where_an_image_is(
    two_projects, tmp_path, monkeypatch
):
    window = two_projects
    box = window.section("AnnotateSection").project
    box.locate.trigger()
    window.settle()
    assert "as they were" in window.teach.status.text()
    tifffile.imwrite(tmp_path / "new.tif", np.full((90, 120), 77, np.uint8))
    (tmp_path / "a.tif").unlink()
    monkeypatch.setattr(
        teach_locate.QFileDialog,
        "getOpenFileName",
        lambda parent, title: (str(tmp_path / "new.tif"), ""),
    )
    box.locate.trigger()
    window.settle()
    assert "a is now" in window.teach.status.text()
    with Project.open(tmp_path / "a-teach", write=False) as project:
        assert project.open_image("a").data[0, 0] == 77
        assert sum(project.journal("a").pixels) == STROKE.size


@pytest.mark.slow
@pytest.mark.parametrize("moved", [True, False])
def test_of_slices_in_a_folder_one_says_which_folder(
    two_projects, tmp_path, monkeypatch, moved
):
    window, slices = two_projects, tmp_path / "slices"
    slices.mkdir()
    for n in range(2):
        tifffile.imwrite(slices / f"{n}.tif", np.full((40, 50), n, np.uint8))
    window.teach.context.project.add_image("slices", slices)
    new = tmp_path / "new"
    shutil.copytree(slices, new)
    tifffile.imwrite(new / "0.tif", np.full((40, 50), 77, np.uint8))
    if moved:
        shutil.rmtree(slices)
    else:  # it has changed where it was
        shutil.copyfile(new / "0.tif", slices / "0.tif")
    asked = []
    monkeypatch.setattr(
        teach_locate.QFileDialog,
        "getExistingDirectory",
        lambda parent, title: asked.append(title) or str(new),
    )
    monkeypatch.setattr(teach_locate.QFileDialog, "getOpenFileName", None)
    window.section("AnnotateSection").project.locate.trigger()
    window.settle()
    assert asked == ["Where is slices now? Choose the changed folder if it is meant"]
    assert "slices is now" in window.teach.status.text()
    assert window.teach.context.project.open_image("slices").data[0][0, 0] == 77
