"""Curves in a panel that is scrolled stay in sight."""

from __future__ import annotations

import numpy as np
import pyqtgraph
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_dtn.tabs.run_plot import make_plot


def turn_wheel(plot, modifiers=Qt.KeyboardModifier.NoModifier) -> bool:
    """Return whether the plot took it; if not, Qt gives a person's to the panel."""
    middle = plot.viewport().rect().center()
    event = QWheelEvent(
        QPointF(middle), QPointF(plot.viewport().mapToGlobal(middle)), QPoint(),
        QPoint(0, -240), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), event)
    return event.isAccepted()


def span(plot) -> float:
    (left, right), _ = plot.getViewBox().viewRange()
    return right - left


@pytest.fixture
def plot(qtbot):
    plot = make_plot(pyqtgraph, "loss")
    plot.plot(np.arange(100.0), np.arange(100.0), name="each step")
    qtbot.addWidget(plot)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


@pytest.mark.gui
def test_the_wheel_is_left_to_the_panel(plot):
    before = span(plot)
    assert not turn_wheel(plot)
    assert span(plot) == before


@pytest.mark.gui
def test_a_double_click_shows_all_of_what_was_zoomed(plot, qtbot):
    before = span(plot)
    assert turn_wheel(plot, Qt.KeyboardModifier.ControlModifier)
    assert span(plot) != pytest.approx(before, rel=0.02)
    middle = plot.viewport().rect().center()
    QTest.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    qtbot.waitUntil(lambda: span(plot) == pytest.approx(before, rel=0.02))
