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
from napari_dtn.teach_finding import known_project
from napari_dtn.teach_opening import make_project, open_image
from napari_dtn.teach_remembered import remember, remembered


@pytest.fixture
def near(tmp_path, monkeypatch):
    """Return a folder with two images and a model, the user's own data beside it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("one", "two"):
        tifffile.imwrite(folder / f"{name}.tif", np.zeros((40, 50), np.uint8))
    model = small_model()
    save_model(tmp_path / "small.safetensors", model.network, model.card)
    return folder


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
