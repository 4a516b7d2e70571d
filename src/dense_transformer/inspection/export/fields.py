"""A displacement on a regular grid of the image: what files of fields hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.inspection.chains import Chain
from dense_transformer.types import Array, LevelMaps


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Where each node of a regular grid over an image is read.

    Attributes
    ----------
    displacement_px : ndarray, shape (h, w, 2)
        (y, x), source px: from a node to where the network reads for it.
    origin_px : tuple of float
        (y, x) of the first node, source px, centres at whole numbers.
    pitch_px : tuple of float
        (y, x) distance of neighbouring nodes, source px.
    level : int
        Level of the network; composed with the shallower ones where pairs nest.
    """

    displacement_px: Array
    origin_px: tuple[float, float]
    pitch_px: tuple[float, float]
    level: int

    @property
    def nodes_px(self) -> Array:
        """Nodes of the grid, shape (h, w, 2), (y, x), source px."""
        return grid_px(self.displacement_px.shape[:2], self.origin_px, self.pitch_px)


def grid_px(
    shape: tuple[int, ...],
    origin_px: tuple[float, float],
    pitch_px: tuple[float, float],
) -> Array:
    """Return the nodes of a regular grid, shape (h, w, 2), (y, x), px."""
    y, x = (
        np.arange(n) * p + o for n, p, o in zip(shape, pitch_px, origin_px, strict=True)
    )
    return np.stack(np.meshgrid(y, x, indexing="ij"), -1)


def field_of_maps(maps: LevelMaps) -> Field:
    """Return the blended displacement of a level over the whole image."""
    origin = (maps.pitch_px[0] - 1) / 2, (maps.pitch_px[1] - 1) / 2
    return Field(maps.displacement_px, origin, maps.pitch_px, maps.level)


def field_of_tile(chain: Chain, level: int | None = None) -> Field:
    """Return the displacement of one tile, unblended: exactly what was computed.

    Parameters
    ----------
    chain : Chain
        The warps of the tile.
    level : int or None
        Transformer, composed with all shallower ones; None: the deepest.
    """
    frame = chain.warped_frame(level)
    shift = chain.units_px(level) - chain.rest_px(level)
    return Field(shift, frame.origin_px, frame.pitch_px, chain.warp(level).level)
