"""Frames of one tile: units of its maps, its unit frame, pixels of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.types import Array, Box, Warp

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MapFrame:
    """Where a map of a tile lies in the image, at rest.

    Attributes
    ----------
    origin_px : tuple of float
        Centre of its first unit, (y, x), source px.
    pitch_px : tuple of float
        Distance of neighbouring units, (y, x), source px.
    """

    origin_px: tuple[float, float]
    pitch_px: tuple[float, float]


@dataclass(frozen=True, slots=True)
class TileFrame:
    """One tile, and how the maps that span it lie in the image.

    A map of height n over a tile of t pixels has units t / n pixels high that lie
    edge to edge: unit i covers the tile's pixels from i t / n - 0.5 to
    (i + 1) t / n - 0.5. On a U-Net's level l that is 2^(l - 1) pixels, as pooling
    joins them. `Warp` has its positions in the tile's own unit frame, which ends at
    the centres of the tile's outermost *pixels*.

    Attributes
    ----------
    tile_px : Box
        In pixels of the image that the network saw.
    image_scale : tuple of float
        Source pixels per network pixel, (y, x).
    """

    tile_px: Box
    image_scale: tuple[float, float]

    @property
    def size(self) -> Array:
        """Height and width, network px."""
        top, left, bottom, right = self.tile_px
        return np.array([bottom - top, right - left], dtype=np.float64)

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """Top, left, bottom, right edge, source px."""
        top, left, bottom, right = self.tile_px
        y, x = self.image_scale
        return top * y - 0.5, left * x - 0.5, bottom * y - 0.5, right * x - 0.5

    def to_image_px(self, units: Array, size: Size) -> Array:
        """Return positions (..., 2) in units of a map of `size` as source px."""
        network_px = (units + 0.5) * (self.size / size) - 0.5 + self.tile_px[:2]
        return np.asarray((network_px + 0.5) * self.image_scale - 0.5)

    def to_units(self, px: Array, size: Size) -> Array:
        """Return source px (..., 2) as positions in units of a map of `size`."""
        network_px = (np.asarray(px, dtype=np.float64) + 0.5) / self.image_scale - 0.5
        inside = network_px - self.tile_px[:2] + 0.5
        return np.asarray(inside * (size / self.size) - 0.5)

    def unit_to_units(self, unit: Array, size: Size) -> Array:
        """Return positions (..., 2) in the unit frame as units of a map of `size`."""
        tile_px = (np.asarray(unit, dtype=np.float64) + 1.0) / 2.0 * (self.size - 1.0)
        return np.asarray((tile_px + 0.5) * (size / self.size) - 0.5)

    def units_to_unit(self, units: Array, size: Size) -> Array:
        """Return positions (..., 2) in units of a map of `size` in the unit frame."""
        tile_px = (units + 0.5) * (self.size / size) - 0.5
        return np.asarray(2.0 * tile_px / np.maximum(self.size - 1.0, 1.0) - 1.0)

    def of_map(self, size: Size) -> MapFrame:
        """Return where a map of `size` lies in the image."""
        pitch = self.size / size * self.image_scale
        first = self.to_image_px(np.zeros(2), size)
        return MapFrame(
            (float(first[0]), float(first[1])), (float(pitch[0]), float(pitch[1]))
        )


def frame_of(warp: Warp) -> TileFrame:
    """Return the frame of the tile that a warp belongs to."""
    return TileFrame(warp.tile_px, warp.image_scale)
