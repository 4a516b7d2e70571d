"""What the model predicts for a box of an image, read from the layers of Predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dense_transformer.types import Box
from napari_dtn.boundaries import mark_boundaries
from napari_dtn.placement import KEY, find_layer

PROBABILITY = "boundary probability"
SHOWN = (PROBABILITY, "boundaries")


def predicted_labels(
    viewer: Any, layer_id: object, annotations: Any, section: int, box: Box,
    threshold: float, classes: int, model: str,
) -> np.ndarray | None:  # fmt: skip
    """Return labels (h, w), uint8: the last class from the threshold, else the first.

    Of three classes and more: the most probable one.

    Parameters
    ----------
    viewer : napari.Viewer
        Holds the prediction, if there is one.
    layer_id : object
        Of the image layer.
    annotations : napari.layers.Labels
        The layer in whose pixels `section` and `box` are.
    section : int
        0-based.
    box : Box
        Top, left, bottom, right, px, half open.
    threshold : float
        Probability from which a pixel is foreground.
    classes : int
        Number of classes; the foreground is the last.
    model : str
        Key of the model that is meant.

    Returns
    -------
    ndarray or None
        None where the prediction doesn't cover all of the box, is another model's, or
        isn't done yet.
    """
    layer = find_layer(viewer.layers, layer_id, PROBABILITY)
    if layer is None or layer.ndim != annotations.ndim:
        return None
    tag = layer.metadata[KEY]
    if tag.get("model") != model:
        return None
    corner = [0] * (annotations.ndim - 2) + [box[0], box[1]]
    if annotations.ndim > 2:
        corner[-3] = section
    start = _to_px(layer, annotations, corner)
    step = _to_px(layer, annotations, [*corner[:-2], box[0] + 1, box[1] + 1]) - start
    if not np.allclose(step[-2:], 1, atol=1e-3):
        return None  # it is turned otherwise, or its pixels are larger
    at = np.rint(start).astype(int)
    size = [*([1] * (layer.ndim - 2)), box[2] - box[0], box[3] - box[1]]
    end = at + np.array(size)
    if (at < 0).any() or (end > layer.data.shape).any():
        return None
    part = tuple(map(slice, at, end))
    if (labels := tag.get("labels")) is not None:
        likeliest = np.array(labels[part]).reshape(size[-2:])
        return likeliest if likeliest.max(initial=0) <= classes else None
    probability = np.asarray(layer.data[part]).reshape(size[-2:])
    found = np.empty(probability.shape, np.uint8)
    mark_boundaries(probability, threshold, found)
    return np.where(found, np.uint8(classes), np.uint8(1))


def prediction_layers(viewer: Any, layer_id: object) -> list[Any]:
    """Return the layers that show the prediction of an image; empty if none."""
    found = (find_layer(viewer.layers, layer_id, role) for role in SHOWN)
    return [layer for layer in found if layer is not None]


def uncover_prediction(viewer: Any, layer_id: object) -> None:
    """Show again what `toggle_prediction` has hidden: a new one is asked for."""
    for layer in prediction_layers(viewer, layer_id):
        if layer.metadata.get("napari_dtn_hidden"):
            layer.visible = True
            layer.metadata = {**layer.metadata, "napari_dtn_hidden": False}


def toggle_prediction(viewer: Any, layer_id: object, live: Sequence[Any] = ()) -> bool:
    """Hide the prediction of an image, or show it again; return whether there is one.

    What the person had hidden before stays hidden.

    Parameters
    ----------
    viewer : napari.Viewer
        Holds the layers.
    layer_id : object
        Of the image layer.
    live : sequence of napari layers
        What a run shows just now, in place of an earlier prediction.
    """
    layers = [*prediction_layers(viewer, layer_id), *live]
    seen = [layer for layer in layers if layer.visible]
    hidden = [layer for layer in layers if layer.metadata.get("napari_dtn_hidden")]
    for layer in seen or hidden or live or layers:
        layer.visible = not seen
    for layer in layers:
        mark = {"napari_dtn_hidden": bool(seen) and layer in seen}
        layer.metadata = {**layer.metadata, **mark}
    return bool(layers)


def _to_px(layer: Any, annotations: Any, index: list[int]) -> np.ndarray:
    """Return where a pixel of the annotations lies in another layer, its pixels."""
    world = annotations.data_to_world(index)
    return np.asarray(layer.world_to_data(world), float)
