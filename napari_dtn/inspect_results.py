"""The tile as the network sees it and what it finds there, as layers. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from dense_transformer.types import Box
from napari_dtn.inspect_layers import placed_at, plane
from napari_dtn.inspecting import TileLook
from napari_dtn.layers import LayerSpec
from napari_dtn.looks import LOOKS
from napari_dtn.sources import Source

# Less than as learned blue, more red; clear where nothing changes.
CHANGE = [
    (0.1, 0.35, 1.0, 0.95),
    (0.3, 0.6, 1.0, 0.6),
    (1.0, 1.0, 1.0, 0.0),
    (1.0, 0.5, 0.3, 0.6),
    (1.0, 0.1, 0.0, 0.95),
]
CHANGE_AT = [0.0, 0.4, 0.5, 0.6, 1.0]


def warped_spec(
    pixels: np.ndarray, tile_px: Box, scale: tuple[float, float], source: Source
) -> LayerSpec:
    """Return the warped image of a tile as a layer, at rest over the tile.

    Parameters
    ----------
    pixels : ndarray, shape (h, w) or (h, w, c)
        As `dense_transformer.inspection.warped_image` gives them, about 0 to 1.
    tile_px : Box
        The tile, in pixels of the image that the network saw.
    scale : tuple of float
        Source pixels per network pixel, (y, x).
    source : Source
        The image; the layer lies in its frame.
    """
    corner = tuple((tile_px[n] + 0.5) * scale[n] - 0.5 for n in (0, 1))
    look: dict[str, Any] = {"blending": "translucent_no_depth", "opacity": 1.0}
    if pixels.ndim == 3:
        data = plane_rgb(np.clip(pixels[..., :3], 0, 1), source)
        look["rgb"] = True
    else:
        data = plane(pixels, source)
        look |= {"colormap": "gray", "contrast_limits": (0.0, 1.0)}
    frame = placed_at(corner, source, scale)
    data = np.ascontiguousarray(data, np.float32)
    return LayerSpec("image", "seen", "inspect: as the network sees", data, frame, look)


def result_specs(
    look: TileLook, learned: TileLook, source: Source, roles: set[str]
) -> list[LayerSpec]:
    """Return the tile's prediction and its change from the learned one, of `roles`."""
    frame = placed_at((float(look.box[0]), float(look.box[1])), source)
    found = plane(look.probability.astype(np.float32), source)
    change = plane((look.probability - learned.probability).astype(np.float32), source)
    same = {"blending": "translucent_no_depth", "interpolation2d": "nearest"}
    specs = [
        LayerSpec(
            "image", "found", "inspect: prediction of the tile", found.copy(), frame,
            LOOKS["boundary probability"],
        ),
        LayerSpec(
            "image", "change", "inspect: change from learned", change, frame,
            {"ramp": (CHANGE, CHANGE_AT), "contrast_limits": (-1.0, 1.0), **same},
        ),
    ]  # fmt: skip
    return [spec for spec in specs if spec.role in roles]


def describe_change(look: TileLook, learned: TileLook) -> str:
    """Return how the tile's prediction differs from the learned one, for people."""
    difference = np.abs(look.probability - learned.probability)
    other = (look.probability >= 0.5) != (learned.probability >= 0.5)
    share, mean = 100 * float(other.mean()), float(difference.mean())
    if not difference.any():
        return "The prediction is as learned."
    return (
        f"{share:.1f} % of this tile's pixels are decided otherwise than as learned; "
        f"the probability moves by {mean:.3f} on average, "
        f"{float(difference.max()):.2f} at most."
    )


def plane_rgb(pixels: np.ndarray, source: Source) -> np.ndarray:
    """Return a colour picture (h, w, 3) with every axis of the layer before it."""
    return pixels.reshape((1,) * (source.frame.ndim - 2) + pixels.shape)
