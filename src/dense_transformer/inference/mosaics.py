"""What the transformers did, as mosaics over the whole image."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np

from dense_transformer.inference import interpolation
from dense_transformer.inference.engine import LevelTile
from dense_transformer.inference.tiles import Axis, TilePlan
from dense_transformer.types import Array, LevelMaps

LARGEST_MOSAIC = 2**23  # units; larger ones are coarser than their level


class LevelMosaic:
    """Blends one transformer's coverage and displacement of all tiles.

    A unit is as large as one of the level, or 2, 4 ... times that where the
    mosaic of a huge image would be too large.
    """

    def __init__(self, level: int, plan: TilePlan, scale: tuple[float, float]) -> None:
        self.level, self._scale = level, scale
        size = plan.rows.length, plan.columns.length
        pitch = 2 ** (level - 1)
        while ceil(size[0] / pitch) * ceil(size[1] / pitch) > LARGEST_MOSAIC:
            pitch *= 2
        self._pitch = pitch
        self._rows = _Lattice(plan.rows, pitch)
        self._columns = _Lattice(plan.columns, pitch)
        self._maps = np.zeros(
            (3, len(self._rows.positions), len(self._columns.positions)), np.float32
        )

    def add(self, row: int, column: int, tile: LevelTile) -> None:
        """Add the tile at (row, column) of the plan."""
        size = tile.coverage.shape
        tile_px = np.array([self._rows.axis.tile, self._columns.axis.tile])
        unit_px = (tile_px / size * self._scale).astype(np.float32)
        moved = (tile.points_px - _resting_points(tile.points_px.shape, size)) * unit_px
        maps = tile.coverage[None], moved.transpose(2, 0, 1)
        if moved.shape[:2] == size:  # the usual case: all at once
            self._add(row, column, np.concatenate(maps), size, slice(0, 3))
        else:
            self._add(row, column, maps[0], size, slice(0, 1))
            self._add(row, column, maps[1], size, slice(1, 3))

    def finish(self) -> LevelMaps:
        """Return the mosaics; nothing can be added after that."""
        displacement = np.moveaxis(self._maps[1:], 0, -1)
        for array in (self._maps, displacement):
            array.setflags(write=False)
        pitch_px = self._pitch * self._scale[0], self._pitch * self._scale[1]
        return LevelMaps(self.level, self._maps[0], displacement, pitch_px)

    def _add(
        self, row: int, column: int, maps: Array, size: tuple[int, ...], to: slice
    ) -> None:
        """Add maps (n, h, w) whose units span an input map of `size`."""
        y, low, high = self._rows.piece(row, maps.shape[1], size[0])
        x, left, right = self._columns.piece(column, maps.shape[2], size[1])
        self._maps[to, low:high, left:right] += interpolation.apply(y, x, maps)


class _Lattice:
    """One axis of a mosaic: its units, and how tiles of any map size get there."""

    def __init__(self, axis: Axis, pitch: int) -> None:
        self.axis, self._pitch = axis, pitch
        units = ceil(axis.length / pitch)
        centres = (np.arange(units) + 0.5) * pitch - 0.5
        self.positions = np.minimum(centres, axis.length - 0.5 - 1e-9)
        self._shares = axis.shares(self.positions)
        self._matrices: dict[tuple[int, int], interpolation.Matrix] = {}

    def piece(
        self, tile: int, units: int, size: int
    ) -> tuple[interpolation.Matrix, int, int]:
        """Return the weighted matrix of a tile's map, and where its result goes.

        Parameters
        ----------
        tile : int
            Which tile.
        units, size : int
            Units of the map, and of the level's input map: at rest, the first and
            last unit of the one lie on the first and last of the other.
        """
        share = self._shares[tile]
        if (tile, units) not in self._matrices:
            unit_px = self.axis.tile / size
            inside = self.positions[share.low : share.high] - self.axis.starts[tile]
            step = (units - 1) / max(size - 1, 1)
            centres = ((inside + 0.5) / unit_px - 0.5) * step
            width = self._pitch / unit_px * step
            matrix = interpolation.weights(centres, width, 0, units)
            weighted = matrix.multiply(share.weights[:, None]).tocsr()
            self._matrices[tile, units] = weighted
        return self._matrices[tile, units], share.low, share.high


@lru_cache(maxsize=8)
def _resting_points(warped: tuple[int, ...], size: tuple[int, ...]) -> Array:
    """Return where the units of a warped map are read if nothing moves, px."""
    pairs = zip(warped[:2], size, strict=True)
    axes = [np.linspace(0.0, n - 1.0, m, dtype=np.float32) for m, n in pairs]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1)
