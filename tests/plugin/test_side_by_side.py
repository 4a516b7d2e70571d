"""Pictures beside each other, as they are seen: which is which, and all as before."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from qtpy.QtTest import QTest
from window_driver import LEFT

from dense_transformer.inspection.changes import Change
from napari_dtn.inspect_outcomes import Outcome
from napari_dtn.side_by_side import SideBySide

pytestmark = pytest.mark.gui
slow = pytest.mark.slow  # nearly the same again, with a window of its own
NAMES = ("after: cells, image", "after: cells", "before: cells, image", "before: cells")
CORNER = 24, 90  # rows and columns of a cell, in which the name begins


def corners(viewer) -> list[np.ndarray]:
    """Return the upper left corners of the left and the right cell, as gray values."""
    shot = viewer.screenshot(canvas_only=True, flash=False)[..., :3].mean(-1)
    height, width = CORNER
    middle = shot.shape[1] // 2
    return [shot[2:height, left + 2 : left + width] for left in (0, middle)]


@pytest.mark.parametrize(
    "level", [pytest.param(0, id="dark", marks=slow), pytest.param(255, id="light")]
)
def test_each_side_says_what_it_is_on_any_image(make_napari_viewer, qtbot, level):
    viewer = make_napari_viewer(show=True)
    other = viewer.add_image(np.full((64, 64), 90, np.uint8), name="cells")
    layers = [
        viewer.add_image(np.full((64, 64), level, np.uint8), name=name,
                         contrast_limits=(0, 255))
        for name in NAMES
    ]  # fmt: skip
    beside = SideBySide(viewer)
    viewer.reset_view()
    qtbot.waitExposed(viewer.window._qt_window)
    before = corners(viewer)[0]
    beside.begin(layers)
    viewer.scene.camera.zoom *= 4  # the corners are full of the image

    def marked_both() -> bool:  # letters in a dark box
        boxes = [((x > 200).sum() > 60, (x < 90).sum() > 400) for x in corners(viewer)]
        return bool(np.all(boxes))

    qtbot.waitUntil(marked_both)
    marks = corners(viewer)
    assert not np.array_equal(*marks)  # another word
    marked = [layer.name for layer in layers if layer.name_overlay.visible]
    assert marked == ["after: cells", "before: cells"]
    beside.end()
    assert not any(layer.name_overlay.visible for layer in layers)
    assert other.visible
    qtbot.waitUntil(lambda: np.array_equal(corners(viewer)[0], before), timeout=5000)


@pytest.fixture
def comparing(teaching, image_file):
    """Return a window that shows a section before and after side by side."""
    return compared(teaching(image_file))


def compared(window):
    window.annotate()
    window.run_prediction()
    section = window.section("CompareSection")
    shown = np.asarray(window.result("boundary probability").data)
    shown = shown[0] if shown.ndim > 2 else shown
    both = tuple(SimpleNamespace(probability=part) for part in (shown, shown[::-1]))
    change = Change(shown - shown[::-1], shown > 1, 0.0, 0.0, 0.0)
    section._source = window.teach.context.source()
    pixels = np.asarray(window.viewer.layers["cells"].data)
    pixels = pixels[0] if pixels.ndim > 2 else pixels
    found = Outcome(("before", "after"), both, change, None, "0.0 %", pixels)
    section._succeeded(None, found)
    window.settle()
    window.until(lambda: section.beside.on)
    return window


def is_as_ever(window) -> bool:
    layers = window.viewer.layers
    ours = [x.name for x in layers if x.name.startswith(("before", "after"))]
    return layers["cells"].visible and not (ours or window.viewer.canvas.grid.enabled)


def test_closing_the_dock_puts_the_view_back(comparing):
    comparing.close()
    comparing.until(lambda: is_as_ever(comparing))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["before: cells", pytest.param("after: cells, image", marks=slow)]
)
def test_deleting_one_of_the_pictures_puts_the_view_back(comparing, name):
    comparing.viewer.layers.remove(name)
    comparing.settle()
    comparing.until(lambda: is_as_ever(comparing))


@pytest.mark.slow
def test_closing_napari_meanwhile_is_no_error(comparing, monkeypatch):
    beside = comparing.section("CompareSection").beside
    comparing.viewer.close()
    monkeypatch.setattr(comparing, "close", lambda: None)  # it is closed
    comparing.until(lambda: not beside.on)


@pytest.mark.slow
@pytest.mark.parametrize(
    "tab", [pytest.param(0, id="Predict", marks=slow), pytest.param(1, id="Inspect")]
)
def test_another_tab_gets_the_whole_canvas(comparing, tab):
    bar = comparing.dock.tabs.tabBar()
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(tab).center())
    comparing.until(lambda: is_as_ever(comparing))
    comparing.settle()
    section = comparing.section("CompareSection")
    section._succeeded(None, section.found)  # one that was asked for before
    comparing.settle()
    assert is_as_ever(comparing)
    comparing.turn_to_teach()
    section.view.setCurrentIndex(section.view.findText("Side by side"))
    comparing.until(lambda: section.beside.on)
    if tab == 1:
        comparing.dock.inspect.shut_down()


@pytest.mark.slow
def test_the_difference_covers_neither_strokes_nor_a_new_prediction(comparing):
    section = comparing.section("CompareSection")
    section.view.setCurrentIndex(section.view.findText("Difference"))
    comparing.settle()
    (difference,) = section.group.layers()
    layers = comparing.viewer.layers
    assert layers.index(difference) < layers.index(comparing.one.layer)
    assert layers.index(difference) > layers.index(comparing.result("boundaries"))
    bar = comparing.dock.tabs.tabBar()
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(0).center())
    comparing.run()
    comparing.settle()
    assert difference not in layers
    assert section.view.currentText() == "Nothing"


def test_the_difference_is_not_mixed_with_an_earlier_prediction(comparing):
    section = comparing.section("CompareSection")
    found = [comparing.result("boundary probability"), comparing.result("boundaries")]

    def choose(view: str) -> list[bool]:
        section.view.setCurrentIndex(section.view.findText(view))
        comparing.settle()
        return [layer.visible for layer in found]

    assert choose("Difference") == [False, False]
    assert choose("Nothing") == [True, True]
    found[1].visible = False  # the person wants none
    assert choose("Difference") == [False, False]
    assert choose("Side by side") == [False, False]
    assert choose("Nothing") == [True, False]
    choose("Difference")
    comparing.close()
    assert [layer.visible for layer in found] == [True, False]


@pytest.mark.slow
def test_a_layer_that_is_added_meanwhile_does_not_come_into_the_pictures(comparing):
    added = comparing.viewer.add_points(np.zeros((1, 2)), name="mine")
    comparing.until(lambda: is_as_ever(comparing))
    assert added.visible
    comparing.settle()
    assert is_as_ever(comparing)


def goes_on(window) -> None:
    window.click(window.section("AnnotateSection").start)


def takes_a_class(window) -> None:
    window.click(window.section("AnnotateSection").classes.button(2))


def takes_a_tool(window) -> None:
    window.click(window.section("AnnotateSection").tools.buttons["polygon"])


def draws_a_patch(window) -> None:
    window.click(window.section("PatchesSection").draw)


@pytest.mark.slow
@pytest.mark.parametrize(
    "does",
    [
        goes_on,
        pytest.param(takes_a_class, marks=slow),
        pytest.param(takes_a_tool, marks=slow),
        pytest.param(draws_a_patch, marks=slow),
    ],
)
def test_who_paints_gets_the_image_and_the_layer_back(comparing, does):
    assert not comparing.one.layer.visible
    does(comparing)
    comparing.settle()
    assert is_as_ever(comparing)
    assert comparing.one.layer.visible
    assert comparing.section("CompareSection").view.currentText() == "Nothing"
    if does is draws_a_patch:
        assert comparing.section("PatchesSection").draw.isChecked()


@pytest.mark.slow
def test_a_section_that_was_not_compared_says_so(teaching, tmp_path):
    path = tmp_path / "cells.tif"
    rng = np.random.default_rng(0)
    tifffile.imwrite(
        path, rng.integers(0, 255, (3, 64, 80), np.uint8), photometric="minisblack"
    )
    window = teaching(path)
    window.viewer.dims.set_point(0, 0)
    window.settle()
    window = compared(window)
    section = window.section("CompareSection")
    assert section.bar.status.text() == "0.0 %"
    window.viewer.dims.set_point(0, 2)
    window.until(lambda: "Only section 0 was compared" in section.bar.status.text())
    window.viewer.dims.set_point(0, 0)
    window.until(lambda: section.bar.status.text() == "0.0 %")
    window.viewer.dims.set_point(0, 1)
    window.until(lambda: "Only section 0 was compared" in section.bar.status.text())
    section.view.setCurrentIndex(section.view.findText("Nothing"))
    assert section.bar.status.text() == "0.0 %"
