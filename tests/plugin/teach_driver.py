"""Drives the Teach tab as a person would; its model is a real, small one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from fake_core import FakeCore
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from small_inspector import small_model
from window_driver import LEFT, Window, world

from dense_transformer.zoo import save_model
from napari_dtn.predicting import Catalogue, ModelInfo

CTRL = Qt.KeyboardModifier.ControlModifier
CTRL_SHIFT = CTRL | Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


class TeachCore(FakeCore):
    """The fake core, whose only model is a file that a project can begin with."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        model = small_model()
        self.path = folder / "small.safetensors"
        save_model(self.path, model.network, model.card)

    def catalogue(self) -> Catalogue:
        info = super().catalogue().models[0]
        return Catalogue((replace(info, key=str(self.path)),), ("auto", "cpu"))

    def info(self) -> ModelInfo:
        return self.catalogue().models[0]


class TeachWindow(Window):
    """A viewer whose dock shows the Teach tab."""

    def turn_to_teach(self) -> Any:
        """Click the tab and wait until it rests; return it."""
        bar = self.dock.tabs.tabBar()
        QTest.mouseClick(bar, LEFT, pos=bar.tabRect(2).center())
        self.settle()
        return self.teach

    @property
    def teach(self) -> Any:
        return self.dock.teach

    @property
    def one(self) -> Any:
        """What is annotated now, or None."""
        return self.teach.context.annotator.current

    def section(self, name: str) -> Any:
        """Return the section of a class name, opened."""
        fold = next(f for f in self.teach.folds if type(f.section).__name__ == name)
        fold.expand()
        return fold.section

    def annotate(self) -> Any:
        """Click 'Annotate this image' and return the annotation layer."""
        self.click(self.section("AnnotateSection").start)
        self.until(lambda: self.one is not None and self.one.layer is not None)
        self.settle()
        return self.one.layer

    def run_prediction(self) -> None:
        """Show the prediction of the image, as the key does."""
        before = len(self.shown)
        self.click(self.section("AnnotateSection").toggle)
        self.until(lambda: len(self.shown) > before)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is computed, written or drawn any more."""
        self.qtbot.wait(20)
        self.until(lambda: not self.teach.busy)
        self.qtbot.wait(20)

    def key(self, key: Any, modifiers: Any = PLAIN) -> None:
        """Press a key over the canvas."""
        native = self.viewer.window._qt_viewer.canvas.native
        native.setFocus()
        QTest.keyClick(native, key, modifiers)
        self.settle()

    # the mouse, at pixels of a layer

    def stroke(self, layer: Any, *way: tuple[float, float], steps: int = 6) -> None:
        """Press at the first pixel (y, x), lead the mouse along, let go."""
        places = [world(layer, *px) for px in way]
        self.press(*places[0])
        for start, end in pairwise(places):
            self.lead(start, end, steps)
        self.let_go()

    def click_px(self, layer: Any, y: float, x: float, *, double: bool = False) -> None:
        """Click, or double click, on a pixel of a layer."""
        place = world(layer, y, x)
        self.move(*place)
        canvas, at = self.on_canvas(*place)
        QTest.mouseClick(canvas, LEFT, pos=at.toPoint())
        if double:
            QTest.mouseDClick(canvas, LEFT, pos=at.toPoint())
        QApplication.processEvents()

    def close(self) -> None:
        if "teach" in self.dock.__dict__:
            self.dock.teach.shut_down()
        super().close()
