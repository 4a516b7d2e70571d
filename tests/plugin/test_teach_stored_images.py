"""Images without a file are known again by their pixels, and by nothing less."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.layers import Image
from small_inspector import small_model

from dense_transformer.teaching import Project
from dense_transformer.zoo import save_model
from napari_dtn.sources import read_source
from napari_dtn.stored_images import compared
from napari_dtn.teach_opening import open_image


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Return a function that opens pixels, of a file or none, and closes them again.

    It returns project's folder, name and whether the project holds the pixels.
    """
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    model = small_model()
    path = tmp_path / "small.safetensors"
    save_model(path, model.network, model.card)

    def open_pixels(pixels, file=None, project=None):
        source = read_source(Image(pixels, name="pixels"), [0.0] * np.ndim(pixels))
        found = open_image(source, file, path, project)
        if project is None:
            found.project.close()
        return found.project.folder, found.entry.name, found.entry.stored

    return open_pixels


def test_images_with_pixels_that_are_no_number_are_found_again(opened):
    pixels = np.random.default_rng(0).random((80, 90)).astype(np.float32)
    pixels[:30] = np.nan
    assert opened(pixels) == opened(pixels.copy())


@pytest.mark.parametrize("kind", [bool, np.uint16, np.int32, np.float16, np.float64])
def test_pixels_of_any_type_are_found_again(opened, kind):
    pixels = np.random.default_rng(0).integers(0, 2, (80, 90)).astype(kind)
    assert opened(pixels) == opened(pixels.copy())


@pytest.mark.parametrize("section", [0, 1, 3, 6])
def test_stacks_that_differ_in_one_section_are_two_images(opened, section, tmp_path):
    one = np.random.default_rng(0).integers(0, 255, (7, 40, 50), np.uint8)
    other = one.copy()
    other[section, 11, 13] ^= 1
    assert opened(one)[0] != opened(other)[0]
    with Project.create(tmp_path / "all", tmp_path / "small.safetensors") as project:
        assert opened(one, None, project)[1] != opened(other, None, project)[1]


def test_of_large_stacks_first_middle_and_last_are_compared():
    assert set(compared(7, 1000)) == set(range(7))
    many = compared(2001, 1 << 20)
    assert {0, 1000, 2000} <= set(many)
    assert len(many) == len(set(many)) <= 17
    assert compared(1, 1 << 30) == [0]


def test_a_filtered_image_is_not_taken_for_its_file(opened, image_file):
    pixels = tifffile.imread(image_file)
    assert opened(255 - pixels, image_file)[2]  # the project holds a copy
    folder, _, stored = opened(pixels, image_file)
    assert (folder, stored) == (image_file.parent / "cells-teach", False)


@pytest.mark.slow
def test_a_filtered_image_is_said_to_be_copied_and_where(teaching, image_file):
    window = teaching(image_file)
    image = window.viewer.layers[0]
    image.data = np.asarray(image.data) // 3  # as no other test has left in a project
    window.annotate()
    said = window.teach.status.text()
    assert "copy of it is kept in" in said
    assert str(window.teach.context.folder) in said


def test_of_a_file_no_copy_is_spoken_of(teaching, image_file):
    window = teaching(image_file)
    window.annotate()
    assert window.teach.status.text() == ""
