"""Drives the Inspect tab as a person would, in a real window."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from window_driver import LEFT, THROTTLE_MS, Window, world

from napari_dtn.placement import KEY


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
        return world(self.context.layer(), y, x)

    # the mouse, at pixels of the image

    def hover(self, y: float, x: float) -> None:
        """Move the mouse to a pixel of the image."""
        self.move(*self.world(y, x))
        self.qtbot.wait(40)

    def click_image(self, y: float, x: float, shift: bool = False) -> None:
        """Click on a pixel of the image."""
        canvas, at = self.on_canvas(*self.world(y, x))
        keys = Qt.KeyboardModifier
        key = keys.ShiftModifier if shift else keys.NoModifier
        QTest.mouseClick(canvas, LEFT, key, at.toPoint())
        self.settle()

    def drag_image(self, start: Any, end: Any, steps: int = 8) -> None:
        """Press at a pixel of the image, lead it to another, let go."""
        first, last = self.world(*start), self.world(*end)
        self.press(*first)
        self.lead(first, last, steps)
        self.let_go()

    def let_go_in_a_hurry(self, start: Any, end: Any) -> None:
        """Press, move and let go elsewhere, faster than the canvas takes moves."""
        self.press(*self.world(*start))
        self.qtbot.wait(THROTTLE_MS)
        self.move(*self.world(start[0] + 1, start[1] + 1), held=LEFT)
        self.let_go(*self.world(*end))


def lattice_of(w: InspectWindow) -> np.ndarray:
    """Return where the fiducials of the tile stand at rest: outermost unit centres."""
    top, left = w.context.tile_px[:2]
    knots = np.linspace(3.5, 59.5, 4)  # centres of the first and last unit of 8 px
    grid = np.stack(np.meshgrid(knots, knots, indexing="ij"), -1).reshape(-1, 2)
    return grid + np.array([top, left])
