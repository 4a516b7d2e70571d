"""Puts described layers into a viewer, or new data into those already there."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points, Vectors
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_dtn.layer_removal import take_away
from napari_dtn.layers import LayerSpec
from napari_dtn.looks import NOT_A_NUMBER

if TYPE_CHECKING:
    from napari.components import LayerList, ViewerModel

KEY = "napari_dtn"
OWN = ("source", "role", "name")  # what every tag holds
FRAME = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
KINDS = {"image": Image, "labels": Labels, "points": Points, "vectors": Vectors}


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


def place_layer(
    viewer: ViewerModel,
    spec: LayerSpec,
    layer_id: object,
    above: Layer | None = None,
) -> Layer:
    """Add the layer, or update the one of the same role and source in place.

    A new one comes right above the layer `above`, or else on top. What the person
    changed (visibility, opacity, colours, name) stays.
    """
    old = find_layer(viewer.layers, layer_id, spec.role)
    if old is not None:
        if old.ndim == _ndim(spec):
            _update(old, spec)
            return old
        take_away(viewer, [old])
    layer = make_layer(spec, layer_id)
    at = len(viewer.layers)
    if above is not None and above in viewer.layers:
        at = viewer.layers.index(above) + 1
    insert_unselected(viewer.layers, at, layer)
    return layer


def insert_unselected(layers: LayerList, at: int, layer: Layer) -> None:
    """Insert a layer without selecting it, not even for a moment.

    napari selects what it adds, which lays out the panel of its controls three
    times over: a third of the time that adding it takes.
    """
    selection = layers.selection
    before = set(selection)
    with selection.events.blocker_all():
        layers.insert(at, layer)
        selection.clear()
        selection.update(before)


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
        layer.metadata = {KEY: {**spec.tag, **tag}}
    return layer


def warm_up() -> None:
    """Import and compute what napari does with its first layer of each kind (0.3 s).

    For the worker: layers that no viewer knows are plain objects. Labels are drawn
    with lines that need all dashes vispy knows; it keeps the patterns.
    """
    Labels(np.zeros((2, 2), np.uint8))
    Points(np.zeros((1, 2)))
    Vectors(np.zeros((1, 2, 2)))
    with contextlib.suppress(Exception):  # where another vispy has them elsewhere
        importlib.import_module("vispy.visuals.line.dash_atlas").DashAtlas()


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


def shown(layer: Layer) -> LayerSpec:
    """Return what makes `place_layer` show again what a map shows now."""
    tag = layer.metadata[KEY]
    frame = {name: getattr(layer, name) for name in FRAME}
    frame["affine"] = layer.affine.affine_matrix
    frame = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in frame.items()
    }
    kind = next(kind for kind, of in KINDS.items() if type(layer) is of)
    more = {name: value for name, value in tag.items() if name not in OWN}
    return LayerSpec(kind, tag["role"], tag["name"], layer.data, frame, {}, tag=more)


def _update(layer: Layer, spec: LayerSpec) -> None:
    tag = layer.metadata[KEY]
    own = {name: tag[name] for name in OWN}
    if layer.name == tag["name"] != spec.name:  # another model finds something else
        layer.name = spec.name
        own["name"] = layer.name
    if spec.tag or tag != own:  # data of another model, or of none that is known
        layer.metadata = {**layer.metadata, KEY: {**spec.tag, **own}}
    layer.data = _own(spec)
    if spec.features:
        layer.features = dict(spec.features)
        if spec.kind == "vectors":
            layer.refresh_colors()  # tells the canvas nothing of it
            layer.refresh(thumbnail=False, highlight=False, extent=False)
    set_frame(layer, spec.frame)


def set_frame(layer: Layer, frame: Mapping[str, Any]) -> None:
    """Put a layer where its options say; what is the same isn't set again."""
    for name, value in frame.items():
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
    if spec.kind in ("image", "labels"):
        return spec.data.ndim - bool(spec.look.get("rgb"))
    return int(spec.data.shape[-1])
