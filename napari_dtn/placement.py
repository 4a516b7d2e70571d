"""Puts described layers into a viewer, or new data into those already there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Image, Labels, Layer, Points, Vectors
from napari.utils.colormaps import Colormap, DirectLabelColormap
from qtpy.QtCore import QObject, QTimer, Signal

from napari_dtn.layers import LayerSpec
from napari_dtn.looks import NOT_A_NUMBER

KEY = "napari_dtn"
KINDS = {"image": Image, "labels": Labels, "points": Points, "vectors": Vectors}
TURN_MS = 15  # between layers, so that the window draws and answers


def find_layer(layers: Iterable[Layer], layer_id: object, role: str) -> Layer | None:
    """Return the layer that shows `role` of a source layer, or None."""
    for layer in layers:
        tag = layer.metadata.get(KEY)
        if tag and tag["source"] == layer_id and tag["role"] == role:
            return layer
    return None


def is_result(layer: Layer) -> bool:
    """Return whether we made this layer."""
    return KEY in layer.metadata


def place_layer(viewer: Any, spec: LayerSpec, layer_id: object) -> Layer:
    """Add the layer, or update the one of the same role and source in place.

    What the person changed (visibility, opacity, colours, name) stays. The
    selection stays too, so that the next run finds the same image.
    """
    old = find_layer(viewer.layers, layer_id, spec.role)
    if old is not None:
        if old.ndim == _ndim(spec):
            _update(old, spec)
            return old
        viewer.layers.remove(old)
    layer = make_layer(spec, layer_id)
    active = viewer.layers.selection.active
    viewer.add_layer(layer)
    if active is not None and active in viewer.layers:
        viewer.layers.selection.active = active
    return layer


def make_layer(spec: LayerSpec, layer_id: object) -> Layer:
    """Return the napari layer that `spec` describes."""
    look = dict(spec.look)
    contour = look.pop("contour", None)
    if (ramp := look.pop("ramp", None)) is not None:
        colours, at = ramp
        # napari knows colour maps by name: two of one name would be one.
        name = f"DTN {spec.role.partition(' level')[0]}"
        look["colormap"] = Colormap(
            np.array(colours), controls=at, name=name, nan_color=NOT_A_NUMBER
        )
    if (colours := look.pop("label_colours", None)) is not None:
        clear = (0.0, 0.0, 0.0, 0.0)
        look["colormap"] = DirectLabelColormap(
            color_dict={None: clear, 0: clear, **colours}
        )
    if spec.features:
        look["features"] = pd.DataFrame(spec.features)
    options = {**spec.frame, **look, "name": spec.name}
    layer = KINDS[spec.kind](_own(spec), **options)
    layer.metadata = {KEY: {"source": layer_id, "role": spec.role}}
    if contour is not None:
        layer.contour = contour
    return layer


def _update(layer: Layer, spec: LayerSpec) -> None:
    layer.data = _own(spec)
    if spec.features:
        layer.features = pd.DataFrame(spec.features)
        if spec.kind == "vectors":
            layer.refresh_colors()
    for name, value in spec.frame.items():
        now = getattr(layer, name)
        now = getattr(now, "affine_matrix", now)
        same = (
            tuple(now) == tuple(value)
            if isinstance(value, tuple)
            else np.allclose(now, value)
        )
        if not same:
            setattr(layer, name, value)


def _own(spec: LayerSpec) -> np.ndarray:
    """Return data that the layer may change: dragged points, painted labels."""
    return np.array(spec.data, float) if spec.kind == "points" else spec.data


def _ndim(spec: LayerSpec) -> int:
    return spec.data.ndim if spec.kind in ("image", "labels") else spec.data.shape[-1]


class Placer(QObject):
    """Places layers one per turn of the event loop, so that no turn is long."""

    placed = Signal()  # all of the last call

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._waiting: deque[tuple[LayerSpec, object]] = deque()
        self._wanted: Callable[[], bool] = lambda: True
        self._timer = QTimer(self)
        self._timer.setInterval(TURN_MS)
        self._timer.timeout.connect(self._next)

    def place(
        self, specs: Iterable[LayerSpec], layer_id: object, wanted: Callable[[], bool]
    ) -> None:
        """Begin to place `specs`; gives up as soon as `wanted` says no."""
        self._waiting = deque((spec, layer_id) for spec in specs)
        self._wanted = wanted
        self._timer.start()

    def shut_down(self) -> None:
        """Place nothing more."""
        self._timer.stop()
        self._waiting.clear()

    def _next(self) -> None:
        if not self._waiting or not self._wanted():
            self.shut_down()
            self.placed.emit()
            return
        spec, layer_id = self._waiting.popleft()
        place_layer(self._viewer, spec, layer_id)
