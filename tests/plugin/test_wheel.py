"""Who scrolls a panel changes nothing in it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_dtn.tabs.fold import Fold
from napari_dtn.tabs.wheel import WheelGuard


def turn_wheel(control) -> None:
    middle = control.rect().center()
    event = QWheelEvent(
        QPointF(middle), QPointF(control.mapToGlobal(middle)), QPoint(),
        QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(control, event)


def value(control) -> int:
    if isinstance(control, QComboBox):
        return control.currentIndex()
    return control.value()


def controls() -> list[QWidget]:
    box, number, slider = QComboBox(), QSpinBox(), QSlider()
    box.addItems(["a", "b", "c"])
    for one in (number, slider):
        one.setRange(0, 10)
        one.setValue(5)
    return [box, number, slider]


@pytest.mark.gui
def test_only_a_control_with_the_focus_takes_the_wheel(qtbot):
    panel = QWidget()
    guard = WheelGuard(panel)
    column = QVBoxLayout(panel)
    made = controls()
    for control in made:
        column.addWidget(control)
    guard.guard(panel)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    for control in made:
        panel.setFocus()
        before = value(control)
        turn_wheel(control)
        assert value(control) == before
        control.setFocus()
        qtbot.waitUntil(control.hasFocus)
        turn_wheel(control)
        assert value(control) != before


@pytest.mark.gui
def test_controls_made_when_a_fold_opens_are_looked_after(qtbot):
    inside = QWidget()
    column = QVBoxLayout(inside)
    fold = Fold("Settings", inside)
    qtbot.addWidget(fold)
    fold.show()
    fold.expand(animate=False)
    box = controls()[0]
    column.addWidget(box)
    QApplication.processEvents()
    turn_wheel(box)
    assert box.currentIndex() == 0


@pytest.mark.gui
def test_the_lists_of_the_dock_stay_as_they_are(window):
    tab = window(np.zeros((64, 64), np.uint8)).tab
    boxes = [box for box in tab.findChildren(QComboBox) if box.count() > 1]
    assert boxes
    for box in boxes:
        box.clearFocus()
        before = box.currentIndex()
        turn_wheel(box)
        assert box.currentIndex() == before
