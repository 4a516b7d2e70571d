"""Collect the results of all tiles of one plan and make them one prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dense_transformer.inference.blend import Blend, merge_boxes
from dense_transformer.inference.engine import TileResult
from dense_transformer.inference.mosaics import LevelMosaic, make_warp
from dense_transformer.inference.source import NetworkView
from dense_transformer.inference.tiles import TilePlan
from dense_transformer.types import Array, Box, LevelMaps, Part, Warp

LARGEST_WARPS = 2**28  # bytes of points and coverage; more are not kept


class Stitch:
    """Blends probabilities, coverage and displacement, and keeps the warps.

    Parameters
    ----------
    plan, view
        The tiles and the image.
    probability, labels : ndarray, shape (h, w)
        Written to, see `Blend`.
    keep_warps : bool
        Keep every tile's warp. Where their points and coverage would take more
        than `LARGEST_WARPS` bytes, only the fiducials are kept.
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
        self._warps: dict[tuple[int, int], Warp] = {}  # by tile and level

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
        for level in result.levels:
            if level.level not in self._mosaics:
                self._mosaics[level.level] = LevelMosaic(
                    level.level, self.plan, self._view.scale
                )
            self._mosaics[level.level].add(*place, level)
        if self._keep_warps:
            self._keep(place, result)

    def levels(self) -> tuple[LevelMaps, ...]:
        """Return the mosaics of all transformers, by level."""
        return tuple(self._mosaics[level].finish() for level in sorted(self._mosaics))

    def warps(self) -> tuple[Warp, ...]:
        """Return the warps of all tiles, in the order of the plan, then by level."""
        return tuple(self._warps[key] for key in sorted(self._warps))

    def dropped_bytes(self, result: TileResult) -> int:
        """Return the bytes of all points and coverage, if too many; else 0."""
        tile = sum(one.points_px.nbytes + one.coverage.nbytes for one in result.levels)
        total = tile * len(self.plan)
        return total if self._keep_warps and total > LARGEST_WARPS else 0

    def _keep(self, place: tuple[int, int], result: TileResult) -> None:
        drop = self.dropped_bytes(result) > 0
        for level in result.levels:
            warp = make_warp(level, self.plan.box(*place), self._view.scale)
            if drop:
                nothing = np.empty((0, 0, 2), np.float32)
                warp = replace(warp, points=nothing, coverage=nothing[..., 0])
            self._warps[self.plan.index(*place), level.level] = warp

    def _copy(self, box: Box) -> Array:
        piece = np.array(self._probability[box[0] : box[2], box[1] : box[3]])
        piece.setflags(write=False)
        return piece
