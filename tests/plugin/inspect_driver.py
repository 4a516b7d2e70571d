"""Drives the Inspect tab as a person would, in a real window."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from window_driver import Window

from napari_dtn.placement import KEY

NO_BUTTON, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
THROTTLE_MS = 15  # canvas and napari drop moves that follow in 10 and 5 ms


class InspectWindow(Window):
    """A viewer whose dock shows the Inspect tab, on a session of known answers."""

    def __init__(self, viewer: Any, core: Any, qtbot: Any, inspect_core: Any) -> None:
        super().__init__(viewer, core, qtbot, inspect_core)
        self.inspect_core = inspect_core

    def turn_to_inspect(self) -> None:
        """Click the tab and wait until it has looked."""
        bar = self.dock.tabs.tabBar()
        QTest.mouseClick(bar, LEFT, pos=bar.tabRect(1).center())
        self.until(lambda: self.context.look is not None)
        self.settle()

    @property
    def inspect(self) -> Any:
        return self.dock.inspect

    @property
    def context(self) -> Any:
        return self.inspect.context

    def section(self, name: str) -> Any:
        """Return the section of a class name."""
        return next(s for s in self.inspect.sections if type(s).__name__ == name)

    def part(self, name: str) -> Any:
        """Return the title and body of a section of a class name."""
        return next(p for p in self.inspect.folds if type(p.section).__name__ == name)

    def open(self, name: str) -> Any:
        """Open a section by its title and wait until it is drawn."""
        part = self.part(name)
        self.click(part.button)
        assert part.isExpanded()
        self.settle()
        return part.section

    def settle(self) -> None:
        """Wait until nothing is computed or placed any more."""
        self.until(lambda: not self.inspect.busy)
        self.qtbot.wait(30)

    def drawn(self, role: str) -> Any:
        """Return the layer of a role that the Inspect tab has drawn, or None."""
        tags = [(x, x.metadata.get(KEY)) for x in self.viewer.layers]
        ours = [x for x, tag in tags if tag and tag["source"][0] == "inspect"
                and tag["role"] == role]  # fmt: skip
        assert len(ours) < 2
        return ours[0] if ours else None

    def world(self, y: float, x: float) -> tuple[float, float]:
        """Return where a pixel of the image lies in the world, (y, x)."""
        layer = self.context.layer()
        at = layer.data_to_world([0.0] * (layer.ndim - 2) + [y, x])
        return float(at[-2]), float(at[-1])

    # the mouse, at pixels of the image

    def hover(self, y: float, x: float) -> None:
        """Move the mouse to a pixel of the image."""
        native, at = self._on_canvas(y, x)
        self._send(native, QEvent.Type.MouseMove, at, NO_BUTTON, NO_BUTTON)
        self.qtbot.wait(40)

    def click_image(self, y: float, x: float, shift: bool = False) -> None:
        """Click on a pixel of the image."""
        native, at = self._on_canvas(y, x)
        keys = Qt.KeyboardModifier
        key = keys.ShiftModifier if shift else keys.NoModifier
        QTest.mouseClick(native, LEFT, key, QPoint(round(at.x()), round(at.y())))
        self.settle()

    def drag_image(self, start: Any, end: Any, steps: int = 8) -> None:
        """Press at a pixel of the image, lead it to another, let go."""
        native, at = self._on_canvas(*start)
        self._send(native, QEvent.Type.MouseMove, at, NO_BUTTON, NO_BUTTON)
        self._send(native, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
        for share in np.linspace(0, 1, steps + 1)[1:]:
            way = np.array(start) + share * (np.array(end) - start)
            native, at = self._on_canvas(*way)
            self._send(native, QEvent.Type.MouseMove, at, NO_BUTTON, LEFT)
            self.qtbot.wait(THROTTLE_MS)
        self._send(native, QEvent.Type.MouseButtonRelease, at, LEFT, NO_BUTTON)

    def let_go_in_a_hurry(self, start: Any, end: Any) -> None:
        """Press, move and let go elsewhere, faster than the canvas takes moves."""
        native, at = self._on_canvas(*start)
        self._send(native, QEvent.Type.MouseMove, at, NO_BUTTON, NO_BUTTON)
        self._send(native, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
        self.qtbot.wait(THROTTLE_MS)
        native, near = self._on_canvas(start[0] + 1, start[1] + 1)
        self._send(native, QEvent.Type.MouseMove, near, NO_BUTTON, LEFT)
        native, at = self._on_canvas(*end)
        self._send(native, QEvent.Type.MouseButtonRelease, at, LEFT, NO_BUTTON)

    def _on_canvas(self, y: float, x: float) -> tuple[Any, QPointF]:
        canvas = self.viewer.window._qt_viewer.canvas
        down, right = self.world(y, x)
        left, top = canvas.view.scene.transform.map([right, down, 0, 1])[:2]
        return canvas.native, QPointF(float(left), float(top))

    def _send(
        self, native: Any, kind: Any, at: QPointF, button: Any, held: Any
    ) -> None:
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, at, native.mapToGlobal(at), button, held, keys)
        QApplication.sendEvent(native, event)
        QApplication.processEvents()
