"""Hears what is painted on a Labels layer, at a cost of what is painted.

napari tells of every piece that it draws anew (`labels_update`), once more when a
stroke ends (`paint`), and where everything is drawn anew (`set_data`). Of a stroke
the first tells where, the second that it is over; some tools tell of the end
before they have painted, so strokes are taken in at the next turn of the event
loop. `set_data` comes with every move to another slice, too, and from scripts and
napari's own undo; the section in view is then compared once things are at rest.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal

from napari_dtn.sources import current_index
from napari_dtn.timers import single_shot, stop_timers

REST_MS = 400  # after the last drawing of everything
PAUSE_S = 2.0  # a hand that rests so long has ended its stroke, or given it up
SMALL_PX = 1 << 14  # boxes are joined where that costs no more than this

# First and last section, top, left, bottom, right; half open.
Region = tuple[int, int, int, int, int, int]


class Strokes(QObject):
    """Collects the boxes of a stroke and tells of them when it has ended.

    Parameters
    ----------
    viewer : napari.Viewer
        Which section and which axes are on screen.
    layer : napari.layers.Labels
        What is painted on, (..., y, x).
    """

    touched = Signal(object)  # Region: a piece of a stroke that goes on
    ended = Signal(object)  # list of Region: a stroke
    redrawn = Signal(object)  # list of Region: anything may have changed there

    def __init__(self, viewer: Any, layer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._layer = viewer, layer
        self._boxes: list[Region] = []
        self._last = 0.0  # when something was painted
        self._end = single_shot(self, 0, self._tell)
        self._rest = single_shot(self, REST_MS, self._look)
        events = layer.events
        self._links = [
            (events.labels_update, self._updated),
            (events.paint, self._painted),
            (events.set_data, self._drawn),
        ]
        for event, slot in self._links:
            event.connect(slot)

    @property
    def busy(self) -> bool:
        """Whether a stroke has yet to be told of."""
        return bool(self._end.isActive() or self._rest.isActive())

    def take(self, *, unfinished: bool = False) -> list[Region]:
        """Return the strokes that have ended and were not told of yet.

        `unfinished`: also one that goes on, which would be undone in two steps.
        No signal tells of them: at the end of napari there is nobody left.
        """
        if isalive(self._end):
            if not (self._end.isActive() or unfinished):
                return []
            self._end.stop()
        boxes, self._boxes = self._boxes, []
        return boxes

    def shut_down(self) -> None:
        """Hear nothing more. May be called twice."""
        stop_timers(self._end, self._rest)
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []

    def _updated(self, event: Any) -> None:
        region = self._region(event.offset, event.data.shape)
        self._boxes = joined(self._boxes, region)
        self._last = time.monotonic()
        self.touched.emit(region)

    def _painted(self, event: Any) -> None:
        self._end.start()

    def _drawn(self, event: Any) -> None:
        self._rest.start()

    def _tell(self) -> None:
        boxes, self._boxes = self._boxes, []
        if boxes:
            self.ended.emit(boxes)

    def _look(self) -> None:
        if self._boxes and time.monotonic() - self._last < PAUSE_S:
            self._rest.start()  # it would cut the stroke that goes on in two
            return
        self.redrawn.emit([self._whole()])

    def _whole(self) -> Region:
        shape = self._layer.data.shape
        first, last = self._sections(None)
        return (first, last, 0, 0, shape[-2], shape[-1])

    def _region(self, offset: Sequence[Any], size: Sequence[int]) -> Region:
        """Return where in the stack a piece of the screen lies."""
        ndim, shape = self._layer.ndim, self._layer.data.shape
        more = self._viewer.dims.ndim - ndim
        shown = [axis - more for axis in self._viewer.dims.displayed]
        spans: list[tuple[int, int] | None] = [None] * ndim
        for axis, start, length in zip(shown, offset, size, strict=True):
            spans[axis] = (int(start or 0), int(start or 0) + int(length))
        rows, columns = (
            span or (0, shape[axis])
            for axis, span in zip((-2, -1), spans[-2:], strict=True)
        )
        first, last = self._sections(spans[-3] if ndim > 2 else None)
        return (first, last, rows[0], columns[0], rows[1], columns[1])

    def _sections(self, span: tuple[int, int] | None) -> tuple[int, int]:
        """Return the sections that a piece of the screen may have changed."""
        layer = self._layer
        if layer.ndim < 3:
            return 0, 1
        if span is not None:
            return span
        displayed = self._viewer.dims.displayed
        flat = set(displayed[-2:]) == {
            self._viewer.dims.ndim - 2,
            self._viewer.dims.ndim - 1,
        }
        if layer.n_edit_dimensions > 2 or len(displayed) > 2 or not flat:
            return 0, int(layer.data.shape[-3])  # a ball of paint, or seen aside
        dims = self._viewer.dims
        section = current_index(layer, dims.point, dims.units)[-1]
        return section, section + 1


def joined(boxes: list[Region], new: Region) -> list[Region]:
    """Return the boxes with a new one, joined to the last where that costs little.

    The pieces of a stroke overlap: a hundred of them become a few boxes, while a
    long slanting stroke never becomes the large box around it.
    """
    if boxes and boxes[-1][:2] == new[:2]:
        old = boxes[-1]
        both = (
            *old[:2],
            min(old[2], new[2]),
            min(old[3], new[3]),
            max(old[4], new[4]),
            max(old[5], new[5]),
        )
        if _area(both) <= max(SMALL_PX, _area(old) + _area(new)):
            return [*boxes[:-1], both]
    return [*boxes, new]


def _area(box: Region) -> int:
    return (box[4] - box[2]) * (box[5] - box[3])
