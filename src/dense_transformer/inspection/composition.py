"""The meshes of one tile's warps, one upon the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.inspection.frames import TileFrame, frame_of
from dense_transformer.inspection.mesh import Mesh
from dense_transformer.types import Array, Warp


class Composition(NamedTuple):
    """Meshes from shallow to deep, and the frame of their tile.

    The input map of the shallowest lies in the image; that of each other is the
    warped map above it, pooled: as many of that map's units, edge to edge, make one.
    """

    tile: TileFrame
    meshes: tuple[Mesh, ...]

    def to_image_px(self, place: Array, index: int) -> Array:
        """Return places (..., 2) of an input map as source px, out of the nest."""
        for deeper in range(index, 0, -1):
            above = self.meshes[deeper - 1]
            ratio = np.array(above.out_size) / self.meshes[deeper].size
            place = above.read((place + 0.5) * ratio - 0.5)
        return self.tile.to_image_px(place, self.meshes[0].size)

    def to_input(self, px: Array, index: int) -> Array:
        """Return source px (..., 2) as places of an input map, into the nest."""
        place = self.tile.to_units(px, self.meshes[0].size)
        for deeper in range(1, index + 1):
            above = self.meshes[deeper - 1]
            ratio = np.array(self.meshes[deeper].size) / above.out_size
            place = (above.find(place) + 0.5) * ratio - 0.5
        return np.asarray(place)


def compose(warps: tuple[Warp, ...]) -> Composition:
    """Return the composition of one tile's warps, shallow first.

    Raises
    ------
    DataError
        If there are none, they are of different tiles or share a level, or their
        points were not kept.
    """
    if not warps:
        raise DataError("no warps: the plain U-Net has none; take a DTN's prediction")
    tiles = {(warp.tile_px, warp.image_scale) for warp in warps}
    levels = [warp.level for warp in warps]
    if len(tiles) > 1 or len(set(levels)) < len(levels):
        raise DataError(
            f"warps of {len(tiles)} tiles at levels {levels}; a chain takes those of "
            "one tile, one for each level: use tile_chains"
        )
    if any(0 in (*warp.points.shape, *warp.coverage.shape) for warp in warps):
        raise DataError(
            "the points of these warps were not kept, as the image has too many "
            "tiles; predict the tile by itself"
        )
    return Composition(frame_of(warps[0]), tuple(_mesh(warp) for warp in warps))


def _mesh(warp: Warp) -> Mesh:
    size = (int(warp.coverage.shape[0]), int(warp.coverage.shape[1]))
    return Mesh(frame_of(warp).unit_to_units(warp.points, size), size)
