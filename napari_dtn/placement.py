"""Puts described layers into a viewer, or new data into those already there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points, Vectors
from napari.utils.colormaps import Colormap, DirectLabelColormap
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_dtn.layers import LayerSpec
from napari_dtn.looks import NOT_A_NUMBER

KEY = "napari_dtn"
KINDS = {"image": Image, "labels": Labels, "points": Points, "vectors": Vectors}
PAUSE_MS = 50  # between turns, so that the window answers
TURN_S = 0.1  # after which a turn takes no further layer; one takes 50 to 150 ms


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

    What the person changed (visibility, opacity, colours, name) stays.
    """
    old = find_layer(viewer.layers, layer_id, spec.role)
    if old is not None:
        if old.ndim == _ndim(spec):
            _update(old, spec)
            return old
        viewer.layers.remove(old)
    return viewer.add_layer(make_layer(spec, layer_id))


def outline(layer: Layer, spec: LayerSpec) -> None:
    """Show labels as outlines, where that is their look.

    Afterwards, as napari would find the outlines four times while it adds them.
    """
    if contour := spec.look.get("contour"):
        layer.contour = contour


def make_layer(spec: LayerSpec, layer_id: object = None) -> Layer:
    """Return the napari layer that `spec` describes, tagged if it has a source."""
    look = {k: v for k, v in spec.look.items() if k != "contour"}
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
        look["features"] = dict(spec.features)
    options = {**spec.frame, **look, "name": spec.name}
    layer = KINDS[spec.kind](_own(spec), **options)
    if layer_id is not None:
        tag = {"source": layer_id, "role": spec.role, "name": spec.name}
        layer.metadata = {KEY: tag}
    return layer


def warm_up() -> None:
    """Import what napari imports with its first layer of each kind (100 ms).

    For the worker: layers that no viewer knows are plain objects.
    """
    Labels(np.zeros((2, 2), np.uint8))
    Points(np.zeros((1, 2)))
    Vectors(np.zeros((1, 2, 2)))


def stale_layers(
    layers: Iterable[Layer], specs: Iterable[LayerSpec], layer_id: object
) -> list[Layer]:
    """Return results of a source layer that a new prediction has no part of.

    Such as the warp of a DTN after its plain twin has predicted the same image.
    """
    roles = {spec.role for spec in specs}
    tags = [(layer, layer.metadata.get(KEY)) for layer in layers]
    ours = [(layer, tag) for layer, tag in tags if tag and tag["source"] == layer_id]
    return [layer for layer, tag in ours if tag["role"] not in roles]


def _update(layer: Layer, spec: LayerSpec) -> None:
    tag = layer.metadata[KEY]
    if layer.name == tag["name"] != spec.name:  # another model finds something else
        layer.name = spec.name
        layer.metadata = {KEY: {**tag, "name": layer.name}}
    layer.data = _own(spec)
    if spec.features:
        layer.features = dict(spec.features)
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
    """Places layers in turns of the event loop, so that none is long.

    What is visible comes first, a layer a turn; the hidden ones follow, several
    a turn. Drawing the window takes as long as adding a layer, so it is drawn
    once, at the end. The selection stays.
    """

    placed = Signal()  # all of the last call

    def __init__(self, viewer: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer, self._widget = viewer, parent
        self._waiting: deque[tuple[LayerSpec, object]] = deque()
        self._wanted: Callable[[], bool] = lambda: True
        self._outlines: list[Callable[[], None]] = []
        self._active: Layer | None = None
        self._still: QWidget | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE_MS)
        self._timer.setSingleShot(True)  # or an overdue turn follows at once
        self._timer.timeout.connect(self._turn)

    @property
    def busy(self) -> bool:
        """Whether layers wait to be placed."""
        return bool(self._waiting) or self._timer.isActive()

    def place(
        self, specs: Iterable[LayerSpec], layer_id: object, wanted: Callable[[], bool]
    ) -> None:
        """Begin to place `specs`; gives up as soon as `wanted` says no."""
        self.shut_down()
        specs = list(specs)
        for layer in stale_layers(self._viewer.layers, specs, layer_id):
            self._viewer.layers.remove(layer)
        visible_first = sorted(specs, key=lambda spec: not spec.look["visible"])
        self._waiting = deque((spec, layer_id) for spec in visible_first)
        self._wanted = wanted
        self._timer.start()

    def shut_down(self) -> None:
        """Place nothing more, and draw the window again."""
        self._waiting.clear()
        self._outlines.clear()
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
            self._draw(True)

    def _turn(self) -> None:
        try:
            if self._waiting and self._wanted():
                self._draw(False)
                self._place_some()
                self._timer.start()
                return
        except BaseException:
            self.shut_down()
            raise
        for show_outlines in self._outlines:
            show_outlines()
        self.shut_down()  # draws, in a turn of its own
        self.placed.emit()

    def _place_some(self) -> None:
        end = time.monotonic() + TURN_S
        while self._waiting and time.monotonic() < end:
            visible = self._waiting[0][0].look["visible"]
            spec, layer_id = self._waiting.popleft()
            known = find_layer(self._viewer.layers, layer_id, spec.role)
            layer = place_layer(self._viewer, spec, layer_id)
            if layer is not known:
                self._outlines.append(partial(outline, layer, spec))
            if visible:
                return

    def _draw(self, on: bool) -> None:
        """Let the window be drawn, with the selection from before, or hold it."""
        selection = self._viewer.layers.selection
        if not on and self._still is None:
            self._active = selection.active
            self._still = self._widget.window()
            self._still.setUpdatesEnabled(False)
        elif on and self._still is not None:
            if self._active is not None and self._active in self._viewer.layers:
                selection.active = self._active
            self._still.setUpdatesEnabled(True)
            self._still = self._active = None
