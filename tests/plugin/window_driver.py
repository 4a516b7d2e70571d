"""Drives the tab as a person would; the only place with private names of napari."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_dtn.dock import DenseTransformerDock
from napari_dtn.placement import find_layer
from napari_dtn.tabs.predict import PredictTab

NO_BUTTON, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
THROTTLE_MS = 15  # canvas and napari drop moves that follow in 10 and 5 ms


class Window:
    """A viewer with the dock, whose core is a fake."""

    def __init__(
        self, viewer: Any, core: Any, qtbot: Any, inspect_core: Any = None
    ) -> None:
        self.viewer, self.core, self.qtbot = viewer, core, qtbot
        if hasattr(viewer, "window"):
            self.dock = DenseTransformerDock(viewer, core, inspect_core)
            self.frame = viewer.window.add_dock_widget(
                self.dock, name="Dense Transformer", area="right"
            )
            self.tab = self.dock.predict
        else:
            self.tab = PredictTab(viewer, core)
            qtbot.addWidget(self.tab)
            self.tab.show()
        self.shown: list[bool] = []
        self._at = QPointF()  # the mouse on the canvas
        self.tab.shown.connect(lambda: self.shown.append(True))
        self.until(lambda: self.tab.models.model() is not None)

    def add_image(self, image: Any, **options: Any) -> Any:
        layer = self.viewer.add_image(image, **{"name": "image", **options})
        self.viewer.reset_view()  # the dock has made the canvas narrower
        return layer

    def until(self, condition: Any, ms: int = 20000) -> None:
        self.qtbot.waitUntil(condition, timeout=ms)

    def click(self, widget: Any) -> None:
        """Press and release the left button on a widget: on its text, at its left."""
        at = QPoint(min(20, widget.width() // 2), widget.height() // 2)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)

    def run(self) -> None:
        """Click Run and wait for the layers."""
        before = len(self.shown)
        self.click(self.tab.bar.run)
        self.until(lambda: len(self.shown) > before)

    def result(self, role: str, source: Any = None) -> Any:
        """Return the layer of a role, or None."""
        source = source or self.tab.images.layer()
        return find_layer(self.viewer.layers, source.unique_id, role)

    def close(self) -> None:
        self.tab.shut_down()

    def close_window(self) -> bool:
        """Close napari's window as a person does; return whether it has closed."""
        window = self.viewer.window
        if closed := bool(window._qt_window.close()):
            del window._qt_window  # so that napari doesn't close it again
        return closed

    # the canvas

    def pixel(self, y: float, x: float) -> np.ndarray:
        """Return the colour (RGB) that the canvas shows at world (y, x)."""
        canvas, at = self.on_canvas(y, x)
        shot = self.viewer.screenshot(canvas_only=True, flash=False)
        ratio = shot.shape[1] / canvas.width()
        row, column = round(at.y() * ratio), round(at.x() * ratio)
        assert 0 <= row < len(shot), "not on the canvas"
        assert 0 <= column < shot.shape[1], "not on the canvas"
        return shot[row, column, :3].astype(int)

    def click_canvas(self, y: float, x: float) -> None:
        """Click on the canvas at world (y, x)."""
        canvas, at = self.on_canvas(y, x)
        QTest.mouseMove(canvas, at.toPoint())
        QTest.mouseClick(canvas, LEFT, pos=at.toPoint())

    def on_canvas(self, y: float, x: float) -> tuple[Any, QPointF]:
        """Return the canvas, and where on it world (y, x) is."""
        canvas = self.viewer.window._qt_viewer.canvas
        left, top = canvas.view.scene.transform.map([x, y, 0, 1])[:2]
        return canvas.native, QPointF(float(left), float(top))

    # the mouse over the canvas, at world (y, x)

    def move(self, y: float, x: float, held: Any = NO_BUTTON) -> None:
        """Move the mouse, with or without a button held."""
        self._send(QEvent.Type.MouseMove, self.on_canvas(y, x)[1], NO_BUTTON, held)

    def press(self, y: float, x: float) -> None:
        """Move there without a button, and press the left one."""
        self.move(y, x)
        self._send(QEvent.Type.MouseButtonPress, self._at, LEFT, LEFT)

    def lead(self, start: Any, end: Any, steps: int) -> None:
        """Lead the mouse with the button held, as fast as all moves are taken."""
        for share in np.linspace(0, 1, steps + 1)[1:]:
            self.move(*np.array(start) + share * (np.array(end) - start), held=LEFT)
            self.qtbot.wait(THROTTLE_MS)

    def let_go(self, *place: float) -> None:
        """Let the left button go where the mouse is, or at a place (y, x)."""
        at = self.on_canvas(*place)[1] if place else self._at  # a drag moves the view
        self._send(QEvent.Type.MouseButtonRelease, at, LEFT, NO_BUTTON)

    def _send(self, kind: Any, at: QPointF, button: Any, held: Any) -> None:
        canvas = self.viewer.window._qt_viewer.canvas.native
        self._at = at
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, keys)
        QApplication.sendEvent(canvas, event)
        QApplication.processEvents()


def world(layer: Any, y: float, x: float) -> tuple[float, float]:
    """Return where a pixel of a layer lies in the world, (y, x)."""
    at = layer.data_to_world([0.0] * (layer.ndim - 2) + [y, x])
    return float(at[-2]), float(at[-1])
