"""How an image is cut into tiles of one size, and how much each of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np

from dense_transformer.types import Array, Box

_LEAST_WEIGHT = 1e-6  # keeps the sum above 0 on the very edge of a tile


class Share(NamedTuple):
    """What one tile gives to a grid along one axis."""

    low: int  # first unit of the grid that the tile reaches
    high: int  # one past the last
    weights: Array  # (high - low,) float32; over all tiles they sum to 1


@dataclass(frozen=True, slots=True)
class Axis:
    """The tiles along one axis, in network pixels.

    Attributes
    ----------
    length : int
        Size of the image.
    tile : int
        Size of every tile. A tile larger than the image stands around it.
    starts : tuple of int
        First pixel of each tile, ascending.
    """

    length: int
    tile: int
    starts: tuple[int, ...]

    def shares(self, positions: Array) -> tuple[Share, ...]:
        """Return what each tile gives to the units of a grid.

        Parameters
        ----------
        positions : ndarray, shape (n,)
            Centres of the units, ascending, in network pixels (centres at
            integers), from -0.5 to length - 0.5.

        Returns
        -------
        tuple of Share
            One for each tile. Weights rise and fall as sin^2 over the overlap
            of neighbouring tiles; those of a unit are divided by their sum, so
            where only one tile reaches it counts in full.
        """
        edges = np.array(self.starts, dtype=np.float64) - 0.5
        lows = np.searchsorted(positions, edges, "left")
        highs = np.searchsorted(positions, edges + self.tile, "left")
        lows[0], highs[-1] = 0, len(positions)
        raw, total = [], np.zeros(len(positions))
        for start, low, high in zip(self.starts, lows, highs, strict=True):
            raw.append(self._window(start, positions[low:high]))
            total[low:high] += raw[-1]
        return tuple(
            Share(int(low), int(high), (w / total[low:high]).astype(np.float32))
            for low, high, w in zip(lows, highs, raw, strict=True)
        )

    def _window(self, start: int, positions: Array) -> Array:
        """Return the weights of a tile before they are divided by their sum."""
        ramp = max(1, self._overlap())
        rise = (positions - (start - 0.5)) / ramp
        fall = (start - 0.5 + self.tile - positions) / ramp
        return np.asarray(np.maximum(_smooth(rise) * _smooth(fall), _LEAST_WEIGHT))

    def _overlap(self) -> int:
        """Return the least overlap of neighbouring tiles, px."""
        gaps = np.diff(self.starts)
        return int(self.tile - gaps.max()) if len(gaps) else 0


@dataclass(frozen=True, slots=True)
class TilePlan:
    """The tiles of an image: every pair of a row and a column of the two axes."""

    rows: Axis
    columns: Axis

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of a tile, network pixels."""
        return self.rows.tile, self.columns.tile

    def __len__(self) -> int:
        return len(self.rows.starts) * len(self.columns.starts)

    def index(self, row: int, column: int) -> int:
        """Return the number of a tile, counted along the rows."""
        return row * len(self.columns.starts) + column

    def box(self, row: int, column: int) -> Box:
        """Return a tile's box in network pixels; may reach over the image."""
        top, left = self.rows.starts[row], self.columns.starts[column]
        return top, left, top + self.rows.tile, left + self.columns.tile

    def order(self, region: Box | None = None) -> list[tuple[int, int]]:
        """Return (row, column) of every tile, those that meet `region` first.

        Parameters
        ----------
        region : Box or None
            In network pixels; None, or a box beside the image: row by row.
        """
        every = [
            (row, column)
            for row in range(len(self.rows.starts))
            for column in range(len(self.columns.starts))
        ]
        if region is None:
            return every
        return sorted(every, key=lambda tile: not _meet(self.box(*tile), region))


def plan_axis(length: int, tile: int, overlap: float) -> Axis:
    """Return tiles of one size that cover an axis with at least `overlap`.

    Parameters
    ----------
    length, tile : int
        Size of the image and of a tile, px.
    overlap : float
        Share of a tile that its neighbour covers too, 0 to below 1.

    Notes
    -----
    The tiles are spread evenly, so the last one ends with the image and the
    overlap is the same everywhere up to a pixel. An image smaller than a tile
    stands in the middle of the one tile.
    """
    if length <= tile:
        return Axis(length, tile, (-((tile - length) // 2),))
    step = max(1, round(tile * (1 - overlap)))
    last = ceil((length - tile) / step)
    starts = tuple(round(i * (length - tile) / last) for i in range(last + 1))
    return Axis(length, tile, starts)


def plan_tiles(size: Sequence[int], tile: Sequence[int], overlap: float) -> TilePlan:
    """Return the tiles of an image of `size` (h, w); see `plan_axis`."""
    rows, columns = (plan_axis(n, t, overlap) for n, t in zip(size, tile, strict=True))
    return TilePlan(rows, columns)


def reflect(positions: Array, length: int) -> Array:
    """Return pixel indices mirrored into 0..length-1, the border not doubled."""
    if length == 1:
        return np.zeros_like(positions)
    period = 2 * (length - 1)
    folded = np.abs(positions) % period
    return np.asarray(np.minimum(folded, period - folded))


def _smooth(ramp: Array) -> Array:
    return np.asarray(np.sin(0.5 * np.pi * np.clip(ramp, 0.0, 1.0)) ** 2)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
