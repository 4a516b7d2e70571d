"""Keep what one transformer did to every tile, without scattering it in memory."""

from __future__ import annotations

import numpy as np

from dense_transformer.inference.engine import LevelTile
from dense_transformer.inference.tiles import TilePlan
from dense_transformer.types import Array, Box, Warp

LARGEST_WARPS = 2**28  # bytes of one level's points and coverage; more are not kept


class WarpStore:
    """One level's warps of all tiles of a plan, in the unit frame of each tile.

    Everything stands in a few large arrays. As one array for each tile, made
    between the network's own, they keep its memory from being used again: 70 MiB
    more after 480 tiles of 4.5 MiB of warps.

    Parameters
    ----------
    like : LevelTile
        The first tile's: gives names and shapes.
    plan : TilePlan
        The tiles.
    scale : tuple of float
        Source pixels per network pixel, (y, x).
    """

    def __init__(
        self, like: LevelTile, plan: TilePlan, scale: tuple[float, float]
    ) -> None:
        self._plan, self._scale, self._like = plan, scale, like
        self._size = np.array(plan.tile, dtype=np.float32)
        self._unit_px = self._size / np.array(like.coverage.shape, dtype=np.float32)
        count = len(plan)
        self.dropped_bytes = count * (like.points_px.nbytes + like.coverage.nbytes)
        points, coverage = like.points_px.shape, like.coverage.shape
        if self.dropped_bytes <= LARGEST_WARPS:
            self.dropped_bytes = 0
        else:
            points, coverage = (0, 0, 2), (0, 0)
        self._lattice = self._to_unit(like.lattice_px)
        self._fiducials = np.zeros((count, *like.fiducials_px.shape), np.float32)
        self._points = np.zeros((count, *points), np.float32)
        self._coverage = np.zeros((count, *coverage), np.float32)
        self._theta = np.zeros((count, *like.theta.shape), np.float32)

    def put(self, row: int, column: int, tile: LevelTile) -> None:
        """Keep the warp of the tile at (row, column)."""
        index = self._plan.index(row, column)
        self._fiducials[index] = self._to_unit(tile.fiducials_px)
        self._theta[index] = tile.theta
        if not self.dropped_bytes:
            self._points[index] = self._to_unit(tile.points_px)
            self._coverage[index] = tile.coverage

    def warp(self, row: int, column: int) -> Warp:
        """Return the warp of the tile at (row, column); its arrays are views."""
        index = self._plan.index(row, column)
        return Warp(
            level=self._like.level,
            family=self._like.family,
            lattice=self._lattice,
            fiducials=self._fiducials[index],
            points=self._points[index],
            coverage=self._coverage[index],
            tile_px=self._plan.box(row, column),
            image_scale=self._scale,
            theta=self._theta[index],
        )

    def _to_unit(self, level_px: Array) -> Array:
        return _to_unit(level_px, self._unit_px, self._size)


def tile_warp(tile: LevelTile, box: Box, scale: tuple[float, float]) -> Warp:
    """Return one tile's warp in the unit frame of the tile.

    Parameters
    ----------
    tile : LevelTile
        What a transformer did.
    box : Box
        The tile, in network pixels.
    scale : tuple of float
        Source pixels per network pixel, (y, x).
    """
    size = np.array([box[2] - box[0], box[3] - box[1]], dtype=np.float32)
    unit_px = size / np.array(tile.coverage.shape, dtype=np.float32)
    lattice, fiducials, points = (
        _to_unit(px, unit_px, size)
        for px in (tile.lattice_px, tile.fiducials_px, tile.points_px)
    )
    return Warp(
        level=tile.level,
        family=tile.family,
        lattice=lattice,
        fiducials=fiducials,
        points=points,
        coverage=tile.coverage,
        tile_px=box,
        image_scale=scale,
        theta=tile.theta,
    )


def _to_unit(level_px: Array, unit_px: Array, size: Array) -> Array:
    """Return pixels of the level's input map in the unit frame of the tile.

    The network's frames end at the centres of a level's outermost units; the
    tile's ends at the centres of its outermost pixels, which lie further out.
    """
    tile_px = (level_px + 0.5) * unit_px - 0.5
    unit = 2.0 * tile_px / np.maximum(size - 1.0, 1.0) - 1.0
    return np.asarray(unit, dtype=np.float32)
