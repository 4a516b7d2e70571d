"""Hides what Predict has found in an image while something newer is shown there."""

from __future__ import annotations

from typing import Any

from napari_dtn.annotation_layer import ROLE
from napari_dtn.annotation_prediction import SHOWN
from napari_dtn.layer_removal import is_ending
from napari_dtn.placement import KEY, find_layer


class EarlierPrediction:
    """The layers of an earlier prediction, which look just like those of a newer one.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._hidden: list[Any] = []
        self._of: object = None  # image layer whose prediction was hidden

    def hide(self, layer_id: object) -> None:
        """Hide those of an image layer, once: who shows them again wants them."""
        if layer_id == self._of:
            return
        self._of = layer_id
        for role in SHOWN:
            layer = find_layer(self._viewer.layers, layer_id, role)
            if layer is not None and layer.visible:
                layer.visible = False
                self._hidden.append(layer)

    def show(self) -> None:
        """Show again what was hidden. May be called twice."""
        hidden, self._hidden, self._of = self._hidden, [], None
        if is_ending(self._viewer):
            return
        for layer in hidden:
            if layer in self._viewer.layers:
                layer.visible = True


def under_annotations(viewer: Any) -> Any:
    """Return the layer right below all annotations; None: there are none."""
    layers = viewer.layers
    tags = [layer.metadata.get(KEY) for layer in layers]
    at = next((i for i, tag in enumerate(tags) if tag and tag["role"] == ROLE), 0)
    return layers[at - 1] if at else None
