"""Shows a result while it grows, and puts everything back if it won't be finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.layers import Layer
from qtpy.compat import isalive
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_dtn.answering import Sketch
from napari_dtn.layer_removal import take_away
from napari_dtn.placement import find_layer, place_layer, shown
from napari_dtn.placer import Placer
from napari_dtn.specs import LayerSpec

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Preview(QObject):
    """The layers of a run that works; they share the arrays that it writes.

    A run that is stopped or fails leaves the layers as they were before it: the
    pieces it has found could not be told from a finished result.
    """

    def __init__(self, viewer: ViewerModel, widget: QWidget) -> None:
        super().__init__(widget)
        self._viewer = viewer
        self._placer = Placer(viewer, widget)
        self._sketch: Sketch | None = None
        self._layer_id: object = None
        self._before: list[LayerSpec | None] = []

    def begin(
        self, sketch: Sketch, layer_id: object, wanted: Callable[[], bool]
    ) -> None:
        """Show what a run has found so far, in place of the last result."""
        self._sketch, self._layer_id = sketch, layer_id
        layers = [self._layer(spec) for spec in sketch.specs]
        self._before = [None if layer is None else shown(layer) for layer in layers]
        self._placer.place(sketch.specs, layer_id, wanted, alone=False)

    @property
    def showing(self) -> bool:
        """Whether the layers of a preview are all there."""
        return self._sketch is not None and not self._placer.busy

    def refresh(self) -> None:
        """Let what was found meanwhile be seen at the next drawing."""
        if self._sketch is None or self._placer.busy:
            return
        for spec in self._sketch.specs:
            layer = self._layer(spec)
            if layer is not None and layer.visible:
                layer.refresh(thumbnail=False, highlight=False, extent=False)

    def set_threshold(self, threshold: float) -> None:
        """Find boundaries from `threshold` on in what is still to come."""
        if self._sketch is not None:
            self._sketch.sheets.threshold = threshold

    def keep(self) -> None:
        """Leave the layers as they are: the whole result follows."""
        self._placer.shut_down()
        self._sketch, self._before = None, []

    def put_back(self) -> None:
        """Show again what was there before, if anything else is shown."""
        if self._sketch is None:
            return
        pairs = list(zip(self._sketch.specs, self._before, strict=True))
        self.keep()
        new = []
        for spec, before in pairs:
            layer = self._layer(spec)
            if layer is not None and before is not None:
                place_layer(self._viewer, before, self._layer_id)
            elif layer is not None:
                new.append(layer)
        take_away(self._viewer, new)

    def shut_down(self) -> None:
        """Put everything back, unless the window is gone. May be called twice."""
        if isalive(self):
            self.put_back()

    def _layer(self, spec: LayerSpec) -> Layer | None:
        return find_layer(self._viewer.layers, self._layer_id, spec.role)
