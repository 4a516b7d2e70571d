"""The layers of one part of the Inspect tab, in the frame of the source image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.layers import Layer
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_dtn.layer_removal import take_away
from napari_dtn.layers import LayerSpec
from napari_dtn.placement import KEY, find_layer, place_layer, set_frame
from napari_dtn.placer import Placer
from napari_dtn.sources import Source

SAME_PX = 1e-3  # what the mesh and the network's own warp differ by, and less


class LayerGroup(QObject):
    """Layers that belong together: shown, changed and taken away as one.

    They are told from the results of Predict and from other groups by their
    source, so that neither takes the other's away.
    """

    deleted = Signal(str)  # the person took the layer of this role away

    def __init__(
        self, viewer: Any, name: str, widget: QWidget, turn_s: float | None = None
    ) -> None:
        super().__init__(widget)
        self._viewer, self._name = viewer, name
        self._layer_id: object = None
        self._placer = Placer(viewer, widget, turn_s)
        self.placed = self._placer.placed
        viewer.layers.events.removed.connect(self._removed)

    @property
    def busy(self) -> bool:
        """Whether layers wait to be placed."""
        return self._placer.busy

    def lay_under(self, source: Source) -> None:
        """Bring the layers down to just above the image, under lines and points."""
        layers = self._viewer.layers
        for layer in reversed(self.layers()):
            own = [x for x in layers if x.unique_id == source.layer_id]
            if own:
                layers.move(layers.index(layer), layers.index(own[0]) + 1)

    def show(
        self,
        specs: Iterable[LayerSpec],
        source: Source,
        above: Layer | None = None,
        *,
        at_once: bool = True,
        singly: bool = False,
    ) -> None:
        """Show these and no others; those already there get the new data at once.

        Adding a layer takes 50 to 150 ms, so new ones come in turns of the event
        loop, and the selection stays. They come right above the layer `above`, or
        else on top. With `at_once` False new data come in turns, too: 20 to 50 ms for
        each layer, and as much again to draw them; `singly` they are drawn one by one.
        """
        specs = list(specs)
        layer_id = ("inspect", source.layer_id, self._name)
        if self._layer_id not in (None, layer_id):
            self.remove()
        self._layer_id = layer_id
        roles = {spec.role for spec in specs}
        if at_once and self.roles() == roles and not self._placer.busy:
            self.update(specs)
            return
        stale = [x for x in self.layers() if x.metadata[KEY]["role"] not in roles]
        self._layer_id = None  # it is not the person who takes them away
        take_away(self._viewer, stale)
        self._layer_id = layer_id
        self._placer.place(
            specs,
            layer_id,
            lambda: self._layer_id == layer_id,
            above=above,
            singly=singly,
        )

    def update(self, specs: Iterable[LayerSpec]) -> None:
        """Give those that are there new data, at once; adds none."""
        for spec in specs:
            if self.layer(spec.role) is not None:
                place_layer(self._viewer, spec, self._layer_id)

    def bend(self, specs: Iterable[LayerSpec]) -> None:
        """Give those that are there new data of the same meaning, at the least cost.

        Hidden ones are left as they are.
        """
        for spec in specs:
            layer: Any = self.layer(spec.role)
            if layer is None or not layer.visible:
                continue
            if spec.kind == "vectors" and is_drawn(layer, spec.data):
                continue  # to draw lines anew takes 10 ms each, their shaders too
            if spec.kind == "vectors" and spec.features:
                layer.features = dict(spec.features)
                layer.refresh_colors()
            redraw(layer, spec.data)
            set_frame(layer, spec.frame)

    def layer(self, role: str) -> Layer | None:
        """Return the layer of a role, or None: the person may have deleted it."""
        return find_layer(self._viewer.layers, self._layer_id, role)

    def layers(self) -> list[Layer]:
        """Return all that are there, lowest first."""
        tagged = ((x, x.metadata.get(KEY)) for x in self._viewer.layers)
        mine = self._layer_id
        return [x for x, tag in tagged if tag and mine and tag["source"] == mine]

    def shown_on(self, layer_id: object) -> list[Layer]:
        """Return all that are there, if they are shown on this image layer."""
        mine = self._layer_id == ("inspect", layer_id, self._name)
        return self.layers() if mine else []

    def roles(self) -> set[str]:
        """Return the roles of all that are there."""
        return {layer.metadata[KEY]["role"] for layer in self.layers()}

    def remove(self) -> None:
        """Take all away. May be called twice."""
        self._placer.shut_down()
        layers, self._layer_id = self.layers(), None
        take_away(self._viewer, layers)

    def shut_down(self) -> None:
        """Take all away and let go of the viewer. May be called twice."""
        self.remove()
        self._viewer.layers.events.removed.disconnect(self._removed)

    def _removed(self, event: Any) -> None:
        tag = event.value.metadata.get(KEY)
        if tag and tag["source"] == self._layer_id:
            self.deleted.emit(tag["role"])


def is_drawn(layer: Any, data: np.ndarray) -> bool:
    """Return whether a layer shows these places already, but for `SAME_PX`."""
    shown = layer.data
    return shown.shape == data.shape and np.allclose(shown, data, 0, SAME_PX)


def redraw(layer: Any, data: np.ndarray) -> None:
    """Give a layer new data of the same meaning, at the least cost.

    Setting `data` also finds the extent of all layers, thumbnails and the list anew.
    Once it is set, it is the layer's own, to be written into.
    """
    if layer.data.shape == data.shape and layer.data.flags.writeable:
        layer.data[...] = data
        layer.refresh(thumbnail=False, highlight=False, extent=False)
    else:
        layer.data = np.array(data)


def at_px(px: np.ndarray, source: Source) -> np.ndarray:
    """Return source pixels (n, 2) as positions (n, ndim) of the section looked at."""
    stack = [source.section] if source.frame.ndim > 2 else []
    lead = np.array([*source.lead, *stack], float)
    px = np.asarray(px, float).reshape(-1, 2)
    return np.concatenate([np.broadcast_to(lead, (len(px), len(lead))), px], 1)


def segments_px(start: np.ndarray, end: np.ndarray, source: Source) -> np.ndarray:
    """Return lines between source pixels (n, 2) as napari's vectors (n, 2, ndim)."""
    begin = at_px(start, source)
    return np.stack([begin, at_px(end, source) - begin], 1).astype(np.float32)


def plane(pixels: np.ndarray, source: Source) -> np.ndarray:
    """Return a picture (h, w) with every axis of the layer before it."""
    lead = source.frame.ndim - 2
    return pixels.reshape((1,) * lead + pixels.shape)


def placed_at(
    corner_px: tuple[float, float],
    source: Source,
    pitch_px: tuple[float, float] = (1.0, 1.0),
) -> dict[str, Any]:
    """Return layer options for a picture of a part of the section.

    Parameters
    ----------
    corner_px : tuple of float
        Centre of its first pixel, (y, x), source px.
    source : Source
        The image layer.
    pitch_px : tuple of float
        Distance of its pixels, (y, x), source px.
    """
    stack = [source.section] if source.frame.ndim > 2 else []
    offset = [*map(float, source.lead), *map(float, stack), *map(float, corner_px)]
    return source.frame.placed(offset, [1.0] * (source.frame.ndim - 2) + [*pitch_px])
