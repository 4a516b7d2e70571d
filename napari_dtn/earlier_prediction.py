"""Hides what Predict has found in an image while something newer is shown there."""

from __future__ import annotations

from typing import Any

from napari_dtn.annotation_layer import ROLE
from napari_dtn.annotation_prediction import SHOWN
from napari_dtn.layer_removal import is_ending
from napari_dtn.placement import KEY, find_layer


class EarlierPrediction:
    """The layers of an earlier prediction, which look just like those of a newer one.

    They are hidden as long as anybody shows something newer of their image.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._hidden: list[tuple[object, Any]] = []  # of which image layer, and what
        self._asked: dict[str, object] = {}  # who has something newer of which

    def hide(self, who: str, layer_id: object) -> None:
        """Hide those of an image layer, once: who shows them again wants them."""
        if self._asked.get(who) == layer_id:
            return
        self._asked[who] = layer_id
        for role in SHOWN:
            layer = find_layer(self._viewer.layers, layer_id, role)
            if layer is not None and layer.visible:
                layer.visible = False
                self._hidden.append((layer_id, layer))

    def show(self, who: str) -> None:
        """Show again what nobody else has something newer of. May be called twice."""
        self._asked.pop(who, None)
        still = list(self._asked.values())
        hidden, self._hidden = self._hidden, []
        self._hidden = [one for one in hidden if one[0] in still]
        if is_ending(self._viewer):
            return
        for layer_id, layer in hidden:
            if layer_id not in still and layer in self._viewer.layers:
                layer.visible = True


def under_annotations(viewer: Any) -> Any:
    """Return the layer right below all annotations; None: there are none."""
    layers = viewer.layers
    tags = [layer.metadata.get(KEY) for layer in layers]
    at = next((i for i, tag in enumerate(tags) if tag and tag["role"] == ROLE), 0)
    return layers[at - 1] if at else None
