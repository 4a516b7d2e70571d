"""What is found out about an image is said while that image is chosen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QObject
from small_inspector import small_model

from dense_transformer.teaching import Project
from dense_transformer.zoo import save_model
from napari_dtn.project_finder import ProjectFinder, _find
from napari_dtn.teach_finding import Found

ONE, TWO = Path("one.tif"), Path("two.tif")
KEYS = {ONE: ("first", ()), TWO: ("second", ())}


class Context(QObject):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.folder, self.project = Path("open-teach"), None
        self.annotator = SimpleNamespace(current=None)
        self.said, self.asked = [], []

    def in_turn(self, work, then):
        self.asked.append((work.args[0], then))

    def say(self, text):
        self.said.append(text)

    def answer(self):
        """Tell of everything that was asked."""
        asked, self.asked = self.asked, []
        for path, then in asked:
            then((None, [Found(Path(f"{path.stem}-teach"), path.stem, 1.0)]))


@pytest.fixture
def finder(qapp):
    context = Context()
    return ProjectFinder(context), context


@pytest.mark.parametrize("other", [(KEYS[TWO], TWO), (("pixels", ()), None)])
def test_nothing_is_said_of_an_image_that_is_no_longer_chosen(finder, other):
    finder, context = finder
    finder.look(KEYS[ONE], ONE)
    finder.look(*other)
    context.answer()
    assert not any("one-teach" in text for text in context.said)
    finder.look(KEYS[ONE], ONE)
    context.answer()
    assert "annotated in one-teach" in context.said[-1]
    assert finder.elsewhere(KEYS[ONE])


def test_another_plane_of_the_same_file_is_still_the_chosen_image(finder):
    finder, context = finder
    finder.look(("first", (0,)), ONE)
    finder.look(("first", (1,)), ONE)
    context.answer()
    assert len(context.said) == 1


def test_a_file_that_has_gone_is_in_no_project(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    model, file = small_model(), tmp_path / "small.safetensors"
    save_model(file, model.network, model.card)
    image = tmp_path / "one.tif"
    tifffile.imwrite(image, np.zeros((40, 50), np.uint8))
    with Project.create(tmp_path / "one-teach", file) as project:
        project.add_image("one", image)
        image.unlink()
        assert _find(image, project) == (None, [])
