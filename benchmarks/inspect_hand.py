"""A window with the Inspect tab open on a drawn EM section, a hand and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.bench_gui_gap import Gaps

SIZE = 512


class InspectHand:
    """Opens the window, leads the mouse, and notes when pictures were drawn.

    Parameters
    ----------
    model : str
        Name of a shipped model.
    """

    def __init__(self, model: str) -> None:
        import napari

        from napari_dtn.dock import DenseTransformerDock

        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(1500, 950)
        self.layer = self.viewer.add_image(_section(), name="section")
        self.dock = DenseTransformerDock(self.viewer)
        self.viewer.window.add_dock_widget(self.dock, area="right")
        tab = self.dock.predict
        self.wait(lambda: tab.models.model() is not None)
        tab.prefer_model(model)
        self.viewer.reset_view()
        self.dock.tabs.setCurrentIndex(1)
        self.tab = self.dock.inspect
        self.context = self.tab.context
        self.wait(lambda: self.context.look is not None)
        for fold in self.tab.folds:
            fold.collapse()
        self.rest(1.0)
        self.gaps = Gaps()
        self.drawn: list[float] = []
        canvas = self.viewer.window._qt_viewer.canvas
        canvas._scene_canvas.events.draw.connect(self._drew, position="last")

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()

    # the hand

    def hover(self, y: float, x: float) -> None:
        """Move the mouse to a pixel."""
        self._send("MouseMove", y, x, held=False)

    def press(self, y: float, x: float) -> None:
        """Press the left button."""
        self.hover(y, x)
        self._send("MouseButtonPress", y, x)
        self.pump(0.02)  # the canvas drops moves that follow in 10 ms

    def lead(self, y: float, x: float) -> None:
        """Move with the button held."""
        self._send("MouseMove", y, x)

    def release(self, y: float, x: float) -> None:
        """Let the button go."""
        self._send("MouseButtonRelease", y, x, held=False)

    def _send(self, kind: str, y: float, x: float, held: bool = True) -> None:
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        canvas = self.viewer.window._qt_viewer.canvas
        left, top = canvas.view.scene.transform.map([x, y, 0, 1])[:2]
        at, native = QPointF(float(left), float(top)), canvas.native
        none, button = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        moves = kind == "MouseMove"
        event = QMouseEvent(
            getattr(QEvent.Type, kind), at, native.mapToGlobal(at),
            none if moves else button, button if held else none,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(native, event)

    # the clock

    def pump(self, seconds: float = 0.0) -> None:
        """Let the window work for a while, at least once."""
        from qtpy.QtWidgets import QApplication

        end = time.perf_counter() + seconds
        QApplication.processEvents()
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.0005)

    def wait(self, done: Callable[[], object], seconds: float = 120) -> None:
        """Let the window work until something is so."""
        end = time.perf_counter() + seconds
        while not done():
            assert time.perf_counter() < end, "it takes too long"
            self.pump(0.001)

    def rest(self, seconds: float) -> None:
        """Let the window work for a while."""
        self.pump(seconds)

    def picture(self, changes: list[float], start: float) -> float:
        """Return when the first change after `start` was on the screen."""
        self.wait(lambda: after(changes, start))
        change = after(changes, start)
        self.wait(lambda: after(self.drawn, change))
        return after(self.drawn, change)

    def _drew(self, event: object) -> None:
        self.drawn.append(time.perf_counter())

    def listen(self) -> list[float]:
        """Return a list of the times at which a prediction was shown."""
        times: list[float] = []
        self.context.looked.connect(lambda: times.append(time.perf_counter()))
        return times

    def note(self, section: Any, name: str) -> list[float]:
        """Return a list of the times at which a method of a section ended."""
        times: list[float] = []
        method = getattr(section, name)

        def noted(*arguments: object) -> None:
            method(*arguments)
            times.append(time.perf_counter())

        setattr(section, name, noted)
        return times

    def fiducial(self, index: int) -> tuple[float, float]:
        """Return where a fiducial of the tile is now, (y, x), px."""
        y, x = self.context.chain.fiducials_px(self.context.level)[index]
        return float(y), float(x)

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """Open a section alone, wait until it is drawn; close it in the end."""
        with self.open_more(name) as section:
            self.rest(0.5)
            self.wait(lambda: not self.context.busy)
            yield section

    @contextmanager
    def open_more(self, name: str) -> Iterator[Any]:
        """Open a section beside others."""
        fold = next(f for f in self.tab.folds if type(f.section).__name__ == name)
        fold.expand()
        self.rest(0.5)
        self.wait(lambda: not self.context.busy)
        yield fold.section
        fold.collapse()
        self.rest(0.5)
        self.wait(lambda: not self.context.busy)


def after(times: list[float], start: float) -> float:
    """Return the first time after `start`; 0 where there is none."""
    return next((t for t in times[-400:] if t > start), 0.0)


def _section() -> np.ndarray:
    from napari_dtn.sample_data import em_stack

    return np.asarray(em_stack()[-1][0])[0, :SIZE, :SIZE]
