"""Collect the results of all tiles of one plan and make them one prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dense_transformer.inference.blend import Blend, merge_boxes
from dense_transformer.inference.engine import TileResult
from dense_transformer.inference.mosaics import LevelMosaic
from dense_transformer.inference.source import NetworkView
from dense_transformer.inference.tiles import TilePlan
from dense_transformer.inference.warps import WarpStore
from dense_transformer.types import Array, Box, LevelMaps, Part, Warp


class Stitch:
    """Blends probabilities, coverage and displacement, and keeps the warps.

    Parameters
    ----------
    plan, view
        The tiles and the image.
    probability, labels : ndarray, shape (h, w)
        Written to, see `Blend`.
    keep_warps : bool
        Keep every tile's warp, see `WarpStore`; only fiducials where points and
        coverage would take more than `LARGEST_WARPS` bytes.
    """

    def __init__(
        self,
        plan: TilePlan,
        view: NetworkView,
        probability: Array,
        labels: Array,
        *,
        keep_warps: bool,
    ) -> None:
        self.done = 0
        self.plan, self._view = plan, view
        self._probability = probability
        self._blend = Blend(plan, view, probability, labels)
        self._mosaics: dict[int, LevelMosaic] = {}
        self._keep_warps = keep_warps
        self._stores: dict[int, WarpStore] = {}

    def add(
        self, places: Sequence[tuple[int, int]], results: Sequence[TileResult]
    ) -> list[Part]:
        """Add the results of tiles, by row and column; return what they finished."""
        boxes: list[Box] = []
        for place, result in zip(places, results, strict=True):
            boxes += self._blend.add(*place, result.maps)
            self._add_levels(place, result)
            self.done += 1
        return [Part(box, self._copy(box)) for box in merge_boxes(boxes)]

    def _add_levels(self, place: tuple[int, int], result: TileResult) -> None:
        for tile in result.levels:
            if tile.level not in self._mosaics:
                scale = self._view.scale
                self._mosaics[tile.level] = LevelMosaic(tile.level, self.plan, scale)
                if self._keep_warps:
                    self._stores[tile.level] = WarpStore(tile, self.plan, scale)
            self._mosaics[tile.level].add(*place, tile)
            if self._keep_warps:
                self._stores[tile.level].put(*place, tile)

    def levels(self) -> tuple[LevelMaps, ...]:
        """Return the mosaics of all transformers, by level."""
        return tuple(self._mosaics[level].finish() for level in sorted(self._mosaics))

    def warps(self) -> tuple[Warp, ...]:
        """Return the warps of all tiles, in the order of the plan, then by level."""
        stores = [self._stores[level] for level in sorted(self._stores)]
        return tuple(
            store.warp(*place) for place in self.plan.order() for store in stores
        )

    @property
    def dropped_bytes(self) -> int:
        """Bytes of points and coverage that are not kept, being too many."""
        return sum(store.dropped_bytes for store in self._stores.values())

    def _copy(self, box: Box) -> Array:
        piece = np.array(self._probability[box[0] : box[2], box[1] : box[3]])
        piece.setflags(write=False)
        return piece
