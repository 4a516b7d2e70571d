"""The Labels layer that a person paints on: its pixels, place and colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from napari_dtn.looks import PAINTED
from napari_dtn.placement import KEY, insert_unselected, make_layer, set_frame
from napari_dtn.sources import Source
from napari_dtn.specs import LayerSpec, arranged, offset_px

ROLE = "annotations"
# A colour of the brush, not a class: what is painted with it becomes what the
# model predicts there, at once.
AS_PREDICTED = 255
PREDICTED_COLOUR = (1.0, 1.0, 1.0, 1.0)
# They stand apart from the foreground, from orange probabilities and from gray
# images, for the colour-blind too.
OTHERS = [
    (0.95, 0.35, 0.75, 1.0),
    (0.95, 0.90, 0.25, 1.0),
    (0.00, 0.62, 0.45, 1.0),
    (0.84, 0.37, 0.00, 1.0),
    (0.10, 0.00, 0.20, 1.0),
    (0.65, 0.85, 0.35, 1.0),
    (0.60, 0.40, 0.80, 1.0),
]
Colour = tuple[float, float, float, float]


def class_colours(classes: Sequence[str]) -> tuple[Colour, ...]:
    """Return the colour of each class, the foreground last."""
    if not classes:  # of a model that isn't known yet
        return ()
    count = len(classes) - 1
    others = [OTHERS[n % len(OTHERS)] for n in range(count)]
    return (*others, PAINTED)


def group_id(layer_id: object, lead: tuple[int, ...]) -> tuple[Any, ...]:
    """Return what the layers of an image's annotations are told by."""
    return ("teach", layer_id, lead)


def annotation_spec(
    labels: np.ndarray, source: Source, classes: Sequence[str]
) -> LayerSpec:
    """Return the layer that shows labels (z, y, x) on an image, in its frame.

    A view of the labels: what is painted on the layer is painted on them. Of a
    pyramid it has the pixels of the finest level.
    """
    data = arranged(labels, source)
    colours = dict(enumerate(class_colours(classes), 1))
    colours[AS_PREDICTED] = PREDICTED_COLOUR
    look = {
        "label_colours": colours,
        "opacity": 0.55,
        "blending": "translucent_no_depth",
    }
    name = f"{source.image.name} annotations"
    return LayerSpec("labels", ROLE, name, data, _place(source), look)


def move_annotations(layer: Any, source: Source, layer_id: tuple[Any, ...]) -> None:
    """Lay an annotation layer on another layer of its image, of as many axes."""
    layer.metadata = {KEY: {**layer.metadata[KEY], "source": layer_id}}
    set_frame(layer, _place(source))


def add_annotations(viewer: Any, spec: LayerSpec, layer_id: tuple[Any, ...]) -> Any:
    """Return the annotation layer of an image, added on top."""
    layer = make_layer(spec, layer_id)
    insert_unselected(viewer.layers, len(viewer.layers), layer)
    return layer


def left_over(layers: Iterable[Any], layer_id: tuple[Any, ...]) -> list[Any]:
    """Return the annotation layers of an image; not copies, which have other names.

    A copy that the person has made has our tag as well, but is theirs to keep.
    """
    tagged = ((layer, layer.metadata.get(KEY)) for layer in layers)
    return [
        layer
        for layer, tag in tagged
        if tag
        and (tag["source"], tag["role"]) == (layer_id, ROLE)
        and layer.name == tag["name"]
    ]


def _place(source: Source) -> dict[str, Any]:
    """Return the layer options of annotations that lie on an image."""
    return source.frame.placed(offset_px(source, 0))


def stack_of(layer: Any) -> np.ndarray:
    """Return the pixels of an annotation layer as (z, y, x), a view."""
    data = layer.data
    depth = data.shape[-3] if data.ndim > 2 else 1
    return np.asarray(data).reshape(depth, *data.shape[-2:])
