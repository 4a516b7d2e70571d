"""A plot in a panel that is scrolled: the wheel is the panel's."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent

HINT = "Ctrl and the wheel zoom, dragging moves, a double click shows all again."


def calm_plot(module: Any) -> Any:
    """Return an empty plot; `module` is pyqtgraph, imported by who needs it.

    The wheel alone scrolls the panel that the plot lies in, which else came to rest
    here with a curve out of sight.
    """

    class CalmPlot(module.PlotWidget):  # type: ignore[misc]
        def wheelEvent(self, event: QWheelEvent) -> None:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                super().wheelEvent(event)
            else:
                event.ignore()

        def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
            self.enableAutoRange()
            event.accept()

    plot = CalmPlot(background=None)
    plot.setToolTip(HINT)
    return plot
