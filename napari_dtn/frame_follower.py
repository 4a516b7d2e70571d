"""Keeps what was made of an image where the image lies, also when it is moved."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dtn.placement import KEY, set_frame
from napari_dtn.sources import Frame, layer_frame
from napari_dtn.timers import single_shot, stop_timers

EVENTS = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


class FrameFollower(QObject):
    """Moves the layers of watched images along with them.

    Parameters
    ----------
    viewer : napari.Viewer
        Holds images and what was made of them.
    parent : QObject
        With whom it ends.
    """

    moved = Signal(object, object)  # id of an image layer, its Frame

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._watched: dict[object, tuple[Any, Frame]] = {}  # by the layer's id
        self._later = single_shot(self, 0, self._follow)  # one move is many events

    def watch(self, layer_id: object) -> None:
        """Follow an image layer of the viewer."""
        for layer in self._viewer.layers:
            if layer.unique_id == layer_id and layer_id not in self._watched:
                self._watched[layer_id] = layer, layer_frame(layer)
                for name in EVENTS:
                    getattr(layer.events, name).connect(self._start)

    def drop(self, layer_id: object) -> None:
        """Follow an image layer no more; it may never have been followed."""
        layer, _ = self._watched.pop(layer_id, (None, None))
        for name in EVENTS if layer is not None else ():
            getattr(layer.events, name).disconnect(self._start)

    def shut_down(self) -> None:
        """Follow nothing more. May be called twice."""
        stop_timers(self._later)
        for layer_id in list(self._watched):
            self.drop(layer_id)

    def _start(self, event: object = None) -> None:
        self._later.start()

    def _follow(self) -> None:
        for layer_id, (layer, before) in list(self._watched.items()):
            now = layer_frame(layer)
            if _same(before, now):
                continue
            self._watched[layer_id] = layer, now
            for other in self._viewer.layers:
                tag = other.metadata.get(KEY)
                mine = tag is not None and layer_id in _sources(tag["source"])
                if mine and other.ndim == now.ndim:
                    set_frame(other, moved_frame(layer_frame(other), before, now))
            self.moved.emit(layer_id, now)


def moved_frame(result: Frame, before: Frame, now: Frame) -> dict[str, Any]:
    """Return the layer options of a result whose image has another frame now.

    Parameters
    ----------
    result : Frame
        Of the result, as `Frame.placed` of its image gave it.
    before, now : Frame
        Of the image.
    """
    pitch = result.scale / before.scale
    offset = before.offset(result.translate)
    return now.placed(offset, pitch)


def _same(one: Frame, other: Frame) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in EVENTS
    )


def _sources(source: Any) -> tuple[Any, ...]:
    """Return what a tag names: a layer's id, alone or with what it was made for."""
    return source if isinstance(source, tuple) else (source,)
