"""Boundaries at a live threshold: the layer follows the slider."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_dtn.boundaries import mark_boundaries
from napari_dtn.placement import find_layer
from napari_dtn.sources import current_index

CHUNK = 1 << 22  # pixels at a time: about 2 ms
TURN_S = 0.008  # of computing in one turn of the event loop
PAUSE_MS = 30  # between turns while the slider moves


class LiveThreshold(QObject):
    """Recomputes a boundaries layer in bands of rows, the section in view first.

    A section in view is finished and shown before a newer position of the slider
    is taken up, so that the picture follows a moving slider; the other sections
    are finished once it rests.
    """

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer_id: object = None
        self._wanted = 0.5  # where the slider is
        self._threshold = 0.5  # what the bands are being computed for
        self._fresh = False
        self._bands: deque[tuple[Any, ...]] = deque()
        self._in_view = 0  # how many of the next bands are in view
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._turn)

    def apply(self, layer_id: object, threshold: float) -> None:
        """Bring the boundaries of a source layer to `threshold`, soon."""
        if layer_id != self._layer_id:
            self._in_view = 0
        self._layer_id, self._wanted = layer_id, threshold
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
        if (
            probability is None
            or boundaries is None
            or boundaries.data.shape != probability.data.shape
        ):
            self.shut_down()
            return
        if self._fresh and not self._in_view:
            self._fresh, self._threshold = False, self._wanted
            seen = current_index(
                boundaries, self._viewer.dims.point, self._viewer.dims.units
            )
            self._bands, self._in_view = _plan(boundaries.data.shape, seen)
        if not self._bands:
            self.shut_down()
            boundaries.refresh(data_displayed=False, highlight=False, extent=False)
            return
        self._compute(probability.data, boundaries)

    def _compute(self, values: np.ndarray, boundaries: Any) -> None:
        end = time.monotonic() + TURN_S
        while self._bands and time.monotonic() < end:
            band = self._bands.popleft()
            mark_boundaries(values[band], self._threshold, boundaries.data[band])
            self._in_view -= 1
            if self._in_view == 0:
                boundaries.refresh(extent=False, thumbnail=False)
                return
        self._in_view = max(0, self._in_view)


def _plan(
    shape: tuple[int, ...], first: tuple[int, ...]
) -> tuple[deque[tuple[Any, ...]], int]:
    """Return bands of rows of every section, and how many are of section `first`."""
    rows = max(1, CHUNK // shape[-1])
    sections = sorted(np.ndindex(*shape[:-2]), key=lambda index: index != first)
    tops = range(0, shape[-2], rows)
    bands = ((*index, slice(top, top + rows)) for index in sections for top in tops)
    return deque(bands), len(tops)
