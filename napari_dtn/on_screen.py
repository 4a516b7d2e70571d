"""Which part of an image the canvas shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from dense_transformer.types import Box
from napari_dtn.sources import world_to_px


def visible_box(layer: Any, viewer: Any) -> Box | None:
    """Return the pixels of an image layer that the canvas shows; None if none.

    Found from the camera: napari's own `corner_pixels` of a pyramid are those of
    the level it draws. A layer that is turned gets the box around what is seen.

    Parameters
    ----------
    layer : napari.layers.Image
        Full resolution of a pyramid.
    viewer : napari.Viewer
        In 3-D, or seen from the side, all of the section counts as seen.

    Returns
    -------
    tuple of int or None
        Top, left, bottom, right, px, half open.
    """
    shape = layer.data[0].shape if layer.multiscale else layer.data.shape
    height, width = (int(n) for n in shape[layer.ndim - 2 : layer.ndim])
    dims, camera = viewer.dims, viewer.scene.camera
    last = max(dims.displayed, default=0)
    if tuple(dims.displayed) != (last - 1, last):
        return 0, 0, height, width
    centre, size = np.array(camera.center[-2:]), np.array(viewer.canvas.size, float)
    corners = []
    for sign in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        world = np.array(dims.point, float)
        world[list(dims.displayed)] = centre + np.array(sign) * size / 2 / camera.zoom
        corners.append(world_to_px(layer, world, dims.units)[-2:])
    # Pixel n reaches from n - 1/2 to n + 1/2.
    low = np.floor(np.min(corners, 0) + 0.5).astype(int)
    high = np.ceil(np.max(corners, 0) + 0.5).astype(int)
    top, left = (max(0, int(n)) for n in low)
    bottom, right = min(height, int(high[0])), min(width, int(high[1]))
    if bottom <= top or right <= left:
        return None
    return top, left, bottom, right
