"""Boundaries at a live threshold: the layer follows the slider."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_dtn.layers import mark_boundaries
from napari_dtn.placement import find_layer
from napari_dtn.sources import current_index

CHUNK = 1 << 22  # pixels for one turn of the event loop: about 2 ms
TURN_MS = 30  # between turns while the slider moves


class LiveThreshold(QObject):
    """Recomputes a boundaries layer in chunks, the section in view first.

    A move of the slider while an older one is still being applied starts over,
    so the last position always wins.
    """

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer_id: object = None
        self._threshold = 0.5
        self._chunks: list[tuple[Any, ...]] = []
        self._fresh = False
        self._timer = QTimer(self)
        self._timer.setInterval(TURN_MS)
        self._timer.timeout.connect(self._turn)

    def apply(self, layer_id: object, threshold: float) -> None:
        """Bring the boundaries of a source layer to `threshold`, soon."""
        self._layer_id, self._threshold = layer_id, threshold
        self._fresh = True
        if not self._timer.isActive():
            self._timer.start()

    def shut_down(self) -> None:
        """Do nothing more."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()

    def _turn(self) -> None:
        layers = self._viewer.layers
        probability = find_layer(layers, self._layer_id, "boundary probability")
        boundaries = find_layer(layers, self._layer_id, "boundaries")
        if probability is None or boundaries is None:
            self.shut_down()
            return
        values, labels = probability.data, boundaries.data
        if labels.shape != values.shape:
            self.shut_down()
            return
        if self._fresh:
            self._fresh = False
            self._chunks = _plan(
                values.shape, current_index(boundaries, self._viewer.dims.point)
            )
        if not self._chunks:
            self.shut_down()
            return
        seen = self._chunks.pop(0)
        mark_boundaries(values[seen], self._threshold, labels[seen])
        boundaries.refresh(extent=False)


def _plan(shape: tuple[int, ...], first: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """Return indices of row bands of every section, those of `first` first."""
    rows = max(1, CHUNK // shape[-1])
    sections = sorted(np.ndindex(*shape[:-2]), key=lambda index: index != first)
    bands = [slice(top, top + rows) for top in range(0, shape[-2], rows)]
    return [(*index, band) for index in sections for band in bands]
