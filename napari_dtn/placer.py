"""Adds layers without stopping the window for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Layer
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

from napari_dtn.layer_removal import take_away
from napari_dtn.layers import LayerSpec
from napari_dtn.placement import find_layer, outline, place_layer, stale_layers

if TYPE_CHECKING:
    from napari.components import ViewerModel

PAUSE_MS = 50  # between turns, so that the window answers
TURN_S = 0.175  # what a turn may take; a single layer takes 20 to 100 ms
# What napari takes to add a layer, its controls and its visuals, as measured; in
# units of UNIT_S on that machine. An update takes a fraction of it.
COST = {"image": 2.7, "labels": 5.0, "vectors": 1.5, "points": 2.9}
UPDATE = 0.5
DRAWING = 5.5
UNIT_S = 0.02


class Placer(QObject):
    """Places layers in turns of the event loop, each of as many as fit.

    Drawing the window takes longer than adding a layer, so it is drawn once, at
    the end. How many layers fit into a turn is learnt from how long they took,
    so that slower machines take more turns, not longer ones; the dearest that fits
    comes next, so that turns are few. The selection stays. What is drawn for the
    first time takes several times as long, as OpenGL compiles it then: four layers at
    once half a second on a slow machine. Where nobody waits for them they come singly.
    """

    placed = Signal()  # all of the last call
    unit_s = UNIT_S  # of this machine, learnt by all placers together

    def __init__(
        self, viewer: ViewerModel, parent: QWidget, turn_s: float | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer, self._widget, self._turn_s = viewer, parent, turn_s
        self._waiting: list[LayerSpec] = []
        self._roles: list[str] = []  # of all, lowest first
        self._layer_id: object = None
        self._ground: Layer | None = None
        self._wanted: Callable[[], bool] = lambda: True
        self._outlines: list[Callable[[], None]] = []
        self._singly = False
        self._still: list[QWidget] = []
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE_MS)
        self._timer.setSingleShot(True)  # or an overdue turn follows at once
        self._timer.timeout.connect(self._turn)

    @property
    def busy(self) -> bool:
        """Whether layers wait to be placed."""
        return bool(self._waiting) or self._timer.isActive()

    def place(
        self,
        specs: Iterable[LayerSpec],
        layer_id: object,
        wanted: Callable[[], bool],
        *,
        alone: bool = True,
        above: Layer | None = None,
        singly: bool = False,
    ) -> None:
        """Begin to place `specs`; gives up as soon as `wanted` says no.

        If `alone`, other results of the same source go. The lowest comes right above
        the layer `above`, or else on top. If `singly`, the window is drawn after each,
        so that the longest turn is short and all of them take longer.
        """
        self.shut_down()
        self._singly = singly
        specs = list(specs)
        if alone:
            stale = stale_layers(self._viewer.layers, specs, layer_id)
            take_away(self._viewer, stale)
        self._waiting, self._layer_id, self._ground = specs, layer_id, above
        self._roles, self._wanted = [spec.role for spec in specs], wanted
        self._timer.start()

    def shut_down(self) -> None:
        """Place nothing more, and draw the window again."""
        self._waiting.clear()
        self._outlines.clear()
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
            self._draw()

    def _turn(self) -> None:
        try:
            if self._singly and self._still:  # what the last turn has placed
                self._draw()
                self._timer.start()
                return
            self._hold()
            turn_s = TURN_S if self._turn_s is None else self._turn_s
            budget = 0.0 if self._singly else turn_s / self.unit_s
            left = self._place_some(budget)
            # A turn that placed nothing draws, however slow the machine.
            if self._waiting or left < min(DRAWING, budget):
                self._timer.start()
                return
            for show_outlines in self._outlines:
                show_outlines()
        except BaseException:
            self.shut_down()
            raise
        self.shut_down()
        self.placed.emit()

    def _place_some(self, budget: float) -> float:
        """Place what fits into `budget` units, one at least; return what is left."""
        whole = budget
        while self._waiting:
            if not self._wanted():
                self._waiting.clear()
                break
            costs = [self._cost(spec) for spec in self._waiting]
            fits = [cost for cost in costs if cost <= budget]
            if not fits and budget < whole:
                break
            cost = max(fits, default=costs[0])
            spec = self._waiting.pop(costs.index(cost))
            old = self._find(spec.role)
            began = time.monotonic()
            layer = place_layer(
                self._viewer, spec, self._layer_id, self._below(spec.role)
            )
            took = time.monotonic() - began
            if layer is not old:
                self._learn(took / cost)
                self._outlines.append(partial(outline, layer, spec))
            budget -= max(cost, took / self.unit_s)
        return budget

    def _find(self, role: str) -> Layer | None:
        return find_layer(self._viewer.layers, self._layer_id, role)

    def _cost(self, spec: LayerSpec) -> float:
        return COST[spec.kind] * (1 if self._find(spec.role) is None else UPDATE)

    def _below(self, role: str) -> Layer | None:
        """Return the layer that one of this role comes right above."""
        at = self._roles.index(role)
        for lower in reversed(self._roles[:at]):
            if (found := self._find(lower)) is not None:
                return found
        for higher in self._roles[at + 1 :]:
            if (found := self._find(higher)) is not None:
                index = self._viewer.layers.index(found)
                return self._viewer.layers[index - 1] if index else None
        return self._ground

    def _learn(self, unit_s: float) -> None:
        """Take in what a unit of cost has taken; a single hiccup counts little."""
        known = Placer.unit_s
        Placer.unit_s = known + 0.25 * (min(unit_s, 3 * known) - known)

    def _hold(self) -> None:
        """Draw the window no more for now; singly, only the canvas.

        To draw a window again is to draw all of it, which takes longer than a layer.
        """
        if not self._still:
            window = self._widget.window() or self._widget
            canvases = window.findChildren(QOpenGLWidget)
            self._still = list(canvases) if self._singly else [window]
            for widget in self._still:
                widget.setUpdatesEnabled(False)

    def _draw(self) -> None:
        """Let be drawn what is held."""
        for widget in self._still:
            if isalive(widget):
                widget.setUpdatesEnabled(True)
        self._still = []
