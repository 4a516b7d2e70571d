"""Drives all of teaching by mouse and keyboard alone, with the installed core.

With ``DTN_PICTURES=FOLDER`` it leaves a picture of the whole window at each stage.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from qtpy.compat import isalive
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox
from scipy.ndimage import distance_transform_edt, gaussian_filter
from teach_driver import TeachWindow

from dense_transformer.data import read_labels
from dense_transformer.data.samples import sample_images, sample_labels
from napari_dtn.tabs.fold import Fold

SIZE = (1600, 1000)  # of the window, px
SIDE = int(os.environ.get("DTN_SIDE", "288"))  # of the image, px; the sample has 512
STEP = 8  # between the points of a stroke, px


def write_strange(folder: Path) -> tuple[Path, np.ndarray]:
    """Write a part of the sample with light membranes, a little blurred; and its truth.

    The shipped model takes light membranes for dark ones: it gets them wrong.
    """
    where = np.s_[:SIDE, :SIDE]
    pixels = tifffile.imread(sample_images("em")[0])[where].astype(float)
    path = folder / "strange.tif"
    tifffile.imwrite(path, (255 - gaussian_filter(pixels, 1)).astype(np.uint8))
    return path, np.asarray(read_labels(sample_labels("em")[0], 2))[where]


class LoopWindow(TeachWindow):
    """A window with the installed core; nothing is done but by mouse and keyboard."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        viewer.window.resize(*SIZE)
        super().__init__(viewer, None, qtbot)

    def close(self) -> None:
        """Shut the tabs down, unless the window was closed, which does it."""
        if isalive(self.dock):
            super().close()

    def open_section(self, name: str) -> Any:
        """Click the title of a section, if it is folded; return the section."""
        fold = next(f for f in self.teach.folds if type(f.section).__name__ == name)
        if not fold.isExpanded():
            self.press_button(fold.button)
        return fold.section

    def fold(self, *names: str) -> None:
        """Click the titles of sections that are open."""
        for fold in self.teach.folds:
            if type(fold.section).__name__ in names and fold.isExpanded():
                self.press_button(fold.button)

    def press_button(self, button: Any) -> None:
        """Scroll to a button and click it; it has to be enabled."""
        self.scroll_to(button)
        assert button.isEnabled(), button.text()
        assert button.isVisible(), button.text()
        self.click(button)
        self.settle()

    def scroll_to(self, widget: Any) -> None:
        area = self.dock.tabs.currentWidget()
        QApplication.processEvents()  # what was opened is laid out
        area.ensureWidgetVisible(widget, 0, 120)

    def turn_to(self, tab: int) -> None:
        bar = self.dock.tabs.tabBar()
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(tab).center())
        if "teach" in self.dock.__dict__:
            self.settle()

    def choose(self, combo: QComboBox, text: str) -> None:
        """Choose a line of a list with the arrow keys."""
        combo.setFocus()
        wanted = combo.findText(text)
        assert wanted >= 0, f"no {text} in {[combo.itemText(n) for n in range(9)]}"
        for _ in range(combo.count()):
            key = Qt.Key.Key_Down if combo.currentIndex() < wanted else Qt.Key.Key_Up
            if combo.currentIndex() != wanted:
                QTest.keyClick(combo, key)
        self.until(lambda: combo.currentText() == text)

    def type_into(self, editor: Any, text: str, end: Any = Qt.Key.Key_Tab) -> None:
        """Type a text in the place of what an editor holds."""
        self.scroll_to(editor)
        editor.setFocus()
        QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, end)

    def settings(self) -> Any:
        """Open the settings of a run; return their form."""
        section = self.open_section("RunSection")
        fold = section.settings.parent()
        while not isinstance(fold, Fold):
            fold = fold.parent()
        if not section.settings.isVisible():
            self.press_button(fold.toggleButton())
        self.until(section.settings.isVisible)
        return section.settings.form

    def picture(self, name: str) -> None:
        """Take a picture of the whole window, if a folder for them is named."""
        if folder := os.environ.get("DTN_PICTURES"):
            self.qtbot.wait(700)  # what was added is drawn
            path = Path(folder) / f"{name}.png"
            self.viewer.screenshot(str(path), canvas_only=False, flash=False)


def along_membrane(truth: np.ndarray, top: int, left: int, length: int) -> list[Any]:
    """Return points down along the boundary that is next to a pixel, STEP px apart."""
    way: list[tuple[float, float]] = []
    column = left
    for row in range(top, top + length, STEP):
        there = np.flatnonzero(truth[row] == 2)
        nearest = there[np.abs(there - column).argmin()]
        if way and abs(nearest - column) > STEP:
            break  # it turns aside
        column = int(nearest)
        way.append((row, column))
    return way


def inside_cells(truth: np.ndarray, count: int) -> list[list[Any]]:
    """Return short strokes in the middle of the largest cells."""
    room = distance_transform_edt(truth == 1)
    ways = []
    for _ in range(count):
        y, x = (int(n) for n in np.unravel_index(room.argmax(), room.shape))
        reach = int(room[y, x] * 0.6)
        x = int(np.clip(x, reach, SIDE - 1 - reach))
        ways.append([(y, x - reach), (y, x), (y, x + reach)])
        room[max(0, y - 50) : y + 50, max(0, x - 50) : x + 50] = 0
    return ways
