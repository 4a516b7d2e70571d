"""Labels of large images, of which only the painted pieces take memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dense_transformer.data.sections import SectionArray, Span
from dense_transformer.types import Array, Box

TILE_PX = 128
Shape = tuple[int, int, int]
_Key = tuple[int, int, int]  # section, row and column of a tile


class SparseLabels:
    """Labels (z, y, x), uint8, that nobody changes; indexed like an array.

    ``labels[3]`` is a section (h, w), ``labels[3, 10:20, 30:40]`` a piece of it.
    What isn't painted is 0 and takes no memory: a section is kept in tiles of
    `TILE_PX`, and tiles that hold nothing aren't there.

    Attributes
    ----------
    shape : tuple of int
        (z, y, x).
    dtype : numpy.dtype
        uint8.
    """

    def __init__(self, shape: Shape, tiles: dict[_Key, Array] | None = None) -> None:
        self.shape = shape
        self.ndim = 3
        self.dtype = np.dtype(np.uint8)
        self._tiles = {} if tiles is None else tiles
        self._index: dict[int, list[_Key]] | None = None  # tiles of each section
        self._view = SectionArray(shape, self.dtype, "zyx", self._read_box, "labels")

    @classmethod
    def of(cls, labels: Array) -> SparseLabels:
        """Return the labels of an array (z, y, x) or (y, x) of small whole numbers."""
        stack = labels if labels.ndim == 3 else labels[None]
        depth, height, width = map(int, stack.shape)
        painted = PaintedLabels((depth, height, width))
        for section in range(depth):
            painted.write(section, 0, 0, np.asarray(stack[section]).astype(np.uint8))
        return painted.frozen()

    @property
    def sections(self) -> tuple[int, ...]:
        """The sections on which something is painted."""
        return tuple(self._by_section())

    @property
    def nbytes(self) -> int:
        """Bytes of the painted tiles."""
        return sum(tile.nbytes for tile in self._tiles.values())

    def read(self, section: int, box: Box) -> Array:
        """Return a copy of the labels (h, w) in a box of a section, px, half open."""
        top, left, bottom, right = box
        out = np.zeros((bottom - top, right - left), np.uint8)
        if not self._tiles:
            return out
        for key, tile in self._met(section, box):
            y, x = key[1] * TILE_PX, key[2] * TILE_PX
            low_y, low_x = max(top, y), max(left, x)
            high_y = min(bottom, y + tile.shape[0])
            high_x = min(right, x + tile.shape[1])
            out[low_y - top : high_y - top, low_x - left : high_x - left] = tile[
                low_y - y : high_y - y, low_x - x : high_x - x
            ]
        return out

    def tiles(self, section: int | None = None) -> Iterator[tuple[int, Box, Array]]:
        """Yield section, box and labels of each painted tile, in order."""
        index = self._by_section()
        for at in index if section is None else (section,):
            for key in index.get(at, ()):
                tile = self._tiles[key]
                top, left = key[1] * TILE_PX, key[2] * TILE_PX
                box = (top, left, top + tile.shape[0], left + tile.shape[1])
                yield at, box, tile

    def changes(self, after: SparseLabels) -> Iterator[tuple[int, Box, Array, Array]]:
        """Yield section, box, labels here and there of each tile that may differ.

        Costs as much as what was painted between the two, where one comes from the
        other: they share the rest.
        """
        for key in sorted({**self._tiles, **after._tiles}):
            old, new = self._tiles.get(key), after._tiles.get(key)
            if old is new:
                continue
            none = np.zeros_like(old if new is None else new)
            old, new = (none if tile is None else tile for tile in (old, new))
            top, left = key[1] * TILE_PX, key[2] * TILE_PX
            box = (top, left, top + old.shape[0], left + old.shape[1])
            yield key[0], box, old, new

    def __getitem__(self, key: Any) -> Array:
        """Return what NumPy would for the same key; integers, slices, ``...``."""
        return np.asarray(self._view[key])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all of it as one array; pages that hold nothing stay unused."""
        out = np.zeros(self.shape, np.uint8)
        for section, (top, left, bottom, right), tile in self.tiles():
            out[section, top:bottom, left:right] = tile
        return out if dtype is None else out.astype(dtype)

    def _by_section(self) -> dict[int, list[_Key]]:
        """Return the keys of the tiles by section, all in order."""
        if self._index is None:
            self._index = {}
            for key in sorted(self._tiles):
                self._index.setdefault(key[0], []).append(key)
        return self._index

    def _met(self, section: int, box: Box) -> Iterator[tuple[_Key, Array]]:
        rows = range(box[0] // TILE_PX, -(-box[2] // TILE_PX))
        columns = range(box[1] // TILE_PX, -(-box[3] // TILE_PX))
        if len(rows) * len(columns) > len(self._tiles):
            for key in self._by_section().get(section, ()):
                if key[1] in rows and key[2] in columns:
                    yield key, self._tiles[key]
            return
        for row in rows:
            for column in columns:
                tile_or_none = self._tiles.get((section, row, column))
                if tile_or_none is not None:
                    yield (section, row, column), tile_or_none

    def _read_box(self, section: int, rows: Span, columns: Span) -> Array:
        return self.read(section, (rows[0], columns[0], rows[1], columns[1]))[..., None]


class PaintedLabels(SparseLabels):
    """Sparse labels that are being painted; `frozen` gives what nobody changes."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._own: set[_Key] = set()  # tiles that no frozen labels share

    def write(self, section: int, top: int, left: int, values: Array) -> None:
        """Replace the labels of a box by `values` (h, w), uint8; it lies inside."""
        height, width = values.shape
        bottom, right = top + height, left + width
        for row in range(top // TILE_PX, -(-bottom // TILE_PX)):
            for column in range(left // TILE_PX, -(-right // TILE_PX)):
                y, x = row * TILE_PX, column * TILE_PX
                low_y, low_x = max(top, y), max(left, x)
                high_y, high_x = min(bottom, y + TILE_PX), min(right, x + TILE_PX)
                part = values[low_y - top : high_y - top, low_x - left : high_x - left]
                self._write_tile((section, row, column), part, low_y - y, low_x - x)

    def frozen(self) -> SparseLabels:
        """Return these labels as they are now; later painting leaves them alone."""
        self._own.clear()
        return SparseLabels(self.shape, dict(self._tiles))

    def painted_copy(self) -> PaintedLabels:
        """Return a copy to be painted on its own."""
        copy = PaintedLabels(self.shape)
        copy._tiles = dict(self._tiles)
        self._own.clear()
        return copy

    def _write_tile(self, key: _Key, part: Array, y: int, x: int) -> None:
        tile = self._tiles.get(key)
        if tile is None:
            if not part.any():
                return
            height = min(TILE_PX, self.shape[1] - key[1] * TILE_PX)
            width = min(TILE_PX, self.shape[2] - key[2] * TILE_PX)
            tile = np.zeros((height, width), np.uint8)
        elif key not in self._own:
            tile = tile.copy()
        tile[y : y + part.shape[0], x : x + part.shape[1]] = part
        if part.any() or tile.any():
            self._tiles[key] = tile
            self._own.add(key)
        else:
            self._tiles.pop(key, None)
            self._own.discard(key)
        self._index = None
