"""Single tiles of an image: read for the network, and put back into source pixels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from dense_transformer.inference import interpolation
from dense_transformer.inference.source import NetworkView
from dense_transformer.inference.tiles import TilePlan
from dense_transformer.types import Array, Box

TILES = 4  # whose pixels are kept


class TileView:
    """A section as the network sees it; the last few tiles are kept.

    Attributes
    ----------
    scale : tuple of float
        Source pixels per network pixel, (y, x).
    """

    def __init__(self, view: NetworkView, plan: TilePlan) -> None:
        self._view, self._plan = view, plan
        self.scale = view.scale
        self._tiles: OrderedDict[Box, Array] = OrderedDict()

    def read(self, tile: Box) -> Array:
        """Return a tile's normalised pixels, shape (c, h, w); don't write to it."""
        if tile not in self._tiles:
            self._tiles[tile] = self._view.read(tile)
            while len(self._tiles) > TILES:
                self._tiles.popitem(last=False)
        return self._tiles[tile]

    def box(self, tile: Box) -> Box:
        """Return the pixels of the source whose centres lie within a tile."""
        (top, bottom), (left, right) = self._span(tile, 0), self._span(tile, 1)
        return top, left, bottom, right

    def to_source(self, values: Array, tile: Box) -> Array:
        """Return a tile's map (h, w) in the source pixels of its `box`."""
        matrices: list[interpolation.Matrix | None] = []
        cuts: list[slice] = []
        for axis in (0, 1):
            low, high = self._span(tile, axis)
            length, source = self._view.size[axis], self._view.image.size[axis]
            if length == source:
                matrices.append(None)
                cuts.append(slice(low - tile[axis], high - tile[axis]))
                continue
            pitch = length / source
            positions = (np.arange(low, high) + 0.5) * pitch - 0.5
            centres = np.clip(positions, 0, length - 1) - tile[axis]
            size = tile[axis + 2] - tile[axis]
            matrices.append(interpolation.weights(centres, pitch, 0, size))
            cuts.append(slice(None))
        maps = interpolation.apply(matrices[0], matrices[1], values[None])
        return np.ascontiguousarray(maps[0, cuts[0], cuts[1]], dtype=np.float32)

    def tile_at(self, at_px: tuple[float, float], tiles: Sequence[Box]) -> int | None:
        """Return which tile has a place of the source farthest from its border."""
        place = (np.array(at_px) + 0.5) / self.scale  # from the image's edge
        boxes = np.array(tiles, dtype=np.float64)
        size = boxes[:, 2:] - boxes[:, :2]
        part = np.minimum(place - boxes[:, :2], boxes[:, 2:] - place) / size
        outside = (place < 0) | (place > self._view.size)
        depth = np.where((part > 0).all(1), part.prod(1), 0.0)
        return None if outside.any() or not depth.any() else int(depth.argmax())

    def _span(self, tile: Box, axis: int) -> tuple[int, int]:
        length, source = self._view.size[axis], self._view.image.size[axis]
        positions = (np.arange(source) + 0.5) * (length / source) - 0.5
        edges = np.array([tile[axis], tile[axis + 2]]) - 0.5
        low, high = np.searchsorted(positions, edges, "left")
        return int(low), int(high)
