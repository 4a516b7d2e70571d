"""Drives the tab as a person would; the only place with private names of napari."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_dtn.dock import DenseTransformerDock
from napari_dtn.placement import find_layer
from napari_dtn.tabs.predict import PredictTab


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

    # the canvas

    def pixel(self, y: float, x: float) -> np.ndarray:
        """Return the colour (RGB) that the canvas shows at world (y, x)."""
        canvas = self.viewer.window._qt_viewer.canvas
        matrix = canvas.view.scene.transform
        left, top = matrix.map([x, y, 0, 1])[:2]
        shot = self.viewer.screenshot(canvas_only=True, flash=False)
        ratio = shot.shape[1] / canvas.native.width()
        row, column = round(top * ratio), round(left * ratio)
        assert 0 <= row < len(shot), "not on the canvas"
        assert 0 <= column < shot.shape[1], "not on the canvas"
        return shot[row, column, :3].astype(int)

    def click_canvas(self, y: float, x: float) -> None:
        """Click on the canvas at world (y, x)."""
        canvas = self.viewer.window._qt_viewer.canvas
        left, top = canvas.view.scene.transform.map([x, y, 0, 1])[:2]
        at = QPoint(round(left), round(top))
        QTest.mouseMove(canvas.native, at)
        QTest.mouseClick(canvas.native, Qt.MouseButton.LeftButton, pos=at)
