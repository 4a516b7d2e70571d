"""Pictures beside each other, as they are seen: which is which, and all as before."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dense_transformer.inspection.changes import Change
from napari_dtn.inspect_outcomes import Outcome
from napari_dtn.side_by_side import SideBySide

pytestmark = pytest.mark.gui
NAMES = ("after: cells, image", "after: cells", "before: cells, image", "before: cells")
CORNER = 24, 90  # rows and columns of a cell, in which the name begins


def corners(viewer) -> list[np.ndarray]:
    """Return the upper left corners of the left and the right cell, as gray values."""
    shot = viewer.screenshot(canvas_only=True, flash=False)[..., :3].mean(-1)
    height, width = CORNER
    middle = shot.shape[1] // 2
    return [shot[2:height, left + 2 : left + width] for left in (0, middle)]


@pytest.mark.parametrize("level", [0, 255], ids=["dark", "light"])
def test_each_side_says_what_it_is_on_any_image(make_napari_viewer, qtbot, level):
    viewer = make_napari_viewer(show=True)
    other = viewer.add_image(np.full((64, 64), 90, np.uint8), name="cells")
    layers = [
        viewer.add_image(np.full((64, 64), level, np.uint8), name=name,
                         contrast_limits=(0, 255))
        for name in NAMES
    ]  # fmt: skip
    beside = SideBySide(viewer)
    beside.begin(layers)
    viewer.scene.camera.zoom *= 4  # the corners are full of the image
    qtbot.wait(100)
    marks = corners(viewer)
    for seen in marks:
        assert (seen > 200).sum() > 60  # letters ...
        assert (seen < 90).sum() > 400  # ... in a dark box
    assert not np.array_equal(*marks)  # another word
    marked = [layer.name for layer in layers if layer.name_overlay.visible]
    assert marked == ["after: cells", "before: cells"]
    beside.end()
    qtbot.wait(100)
    assert not any(layer.name_overlay.visible for layer in layers)
    assert other.visible
    assert np.ptp(corners(viewer)[0]) == 0


@pytest.fixture
def comparing(teaching, image_file):
    """Return a window that shows a section before and after side by side."""
    window = teaching(image_file)
    window.annotate()
    window.run_prediction()
    section = window.section("CompareSection")
    shown = np.asarray(window.result("boundary probability").data)
    both = tuple(SimpleNamespace(probability=part) for part in (shown, shown[::-1]))
    change = Change(shown - shown[::-1], shown > 1, 0.0, 0.0, 0.0)
    section._source = window.teach.context.source()
    pixels = np.asarray(window.viewer.layers["cells"].data)
    section.found = Outcome(("before", "after"), both, change, None, "", pixels)
    section._draw()
    window.settle()
    window.until(lambda: section.beside.on)
    window.qtbot.wait(50)
    return window


def is_as_ever(window) -> bool:
    layers = window.viewer.layers
    ours = [x.name for x in layers if x.name.startswith(("before", "after"))]
    return layers["cells"].visible and not (ours or window.viewer.canvas.grid.enabled)


def test_closing_the_dock_puts_the_view_back(comparing):
    comparing.close()
    comparing.qtbot.wait(50)
    assert is_as_ever(comparing)


@pytest.mark.parametrize("name", ["before: cells", "after: cells, image"])
def test_deleting_one_of_the_pictures_puts_the_view_back(comparing, name):
    comparing.viewer.layers.remove(name)
    comparing.settle()
    comparing.qtbot.wait(50)
    assert is_as_ever(comparing)


def test_closing_napari_meanwhile_is_no_error(comparing, monkeypatch):
    beside = comparing.section("CompareSection").beside
    comparing.viewer.close()
    monkeypatch.setattr(comparing, "close", lambda: None)  # it is closed
    comparing.qtbot.wait(50)
    assert not beside.on
