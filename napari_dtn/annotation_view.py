"""Brings a place of an image on screen."""

from __future__ import annotations

from typing import Any

import numpy as np

from dense_transformer.types import Box

SHARE = 0.5  # of the canvas, that the place takes up


def show_place(viewer: Any, layer: Any, section: int, box: Box) -> None:
    """Turn to the section and the box of an image layer, as large as is useful.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas it is.
    layer : napari.layers.Image or Labels
        In whose pixels the place is given; full resolution of a pyramid.
    section : int
        Index on the axis before (y, x); ignored for a single image.
    box : Box
        Top, left, bottom, right, px, half open.
    """
    show_section(viewer, layer, section)
    low, high = (_world(viewer, layer, corner) for corner in (box[:2], box[2:]))
    size = np.abs(high - low)[-2:]
    camera = viewer.scene.camera
    camera.center = tuple((low + high)[-3:] / 2)
    # The canvas of a viewer without a window has no size.
    canvas = np.array(viewer.canvas.size, float)
    if (canvas > 1).all() and (size > 0).all():
        camera.zoom = float(SHARE * (canvas / size).min())


def show_section(viewer: Any, layer: Any, section: int) -> None:
    """Turn to a section of a stack, if it isn't on screen."""
    if layer.ndim < 3:
        return
    axis = viewer.dims.ndim - 3
    point = _world(viewer, layer, (0.0, 0.0), section)[-3]
    if not np.isclose(viewer.dims.point[axis], point):
        viewer.dims.set_point(axis, float(point))


def _world(
    viewer: Any, layer: Any, px: tuple[float, ...], section: float = 0.0
) -> np.ndarray:
    """Return where a pixel lies in the viewer's units; layers may have others."""
    index = np.zeros(layer.ndim)
    index[-2:] = px
    if layer.ndim > 2:
        index[-3] = section
    world = np.asarray(layer.data_to_world(index), float)
    theirs = tuple(viewer.dims.units or layer.units)[-layer.ndim :]
    for axis, (unit, own) in enumerate(zip(theirs, layer.units, strict=True)):
        if unit.is_compatible_with(own):
            world[axis] *= float((1 * own).to(unit).magnitude)
    return world
