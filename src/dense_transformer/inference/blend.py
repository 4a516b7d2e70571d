"""Join tiles to one result; only what is not yet finished is held in float32."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dense_transformer.inference import interpolation
from dense_transformer.inference.source import NetworkView
from dense_transformer.inference.tiles import Axis, Share, TilePlan
from dense_transformer.types import Array, Box


class Blend:
    """Adds tiles of class probabilities and writes what is finished to a result.

    The result is cut along every line where a tile begins or ends. Such a cell
    meets the same tiles everywhere; it is held in float32 from its first tile to
    its last, then written and let go. So tiles may come in any order, and memory
    grows with the border of what is finished, not with the image.

    Parameters
    ----------
    plan : TilePlan
        The tiles, in network pixels.
    view : NetworkView
        Sizes of the image, in source and network pixels.
    probability, labels : ndarray, shape (h, w)
        Written to, in source pixels: float32 or uint8 (255 is certain), and uint8.
    """

    def __init__(
        self, plan: TilePlan, view: NetworkView, probability: Array, labels: Array
    ) -> None:
        self._rows = _Cuts(plan.rows, view.image.size[0])
        self._columns = _Cuts(plan.columns, view.image.size[1])
        self._probability, self._labels = probability, labels
        self._open: dict[tuple[int, int], _Cell] = {}

    def add(self, row: int, column: int, maps: Array) -> list[Box]:
        """Add the tile at (row, column); return the boxes that are finished by it.

        Parameters
        ----------
        maps : ndarray, shape (c, tile_h, tile_w), float32
            Probabilities of the classes, or for two classes of the last one alone.
        """
        y, x = self._rows.pieces[row], self._columns.pieces[column]
        maps = interpolation.apply(y.matrix, x.matrix, maps)[:, y.skip, x.skip]
        weighted = maps * (y.share.weights[:, None] * x.share.weights)
        done = []
        for r in range(*y.cells):
            for c in range(*x.cells):
                if box := self._add_cell(r, c, weighted, (y.share.low, x.share.low)):
                    done.append(box)
        return done

    @property
    def open_cells(self) -> int:
        """Number of cells that were begun and are not finished."""
        return len(self._open)

    def _add_cell(
        self, r: int, c: int, weighted: Array, corner: tuple[int, int]
    ) -> Box | None:
        """Add what a tile, whose upper left pixel is `corner`, gives to one cell."""
        top, bottom = self._rows.edges[r : r + 2]
        left, right = self._columns.edges[c : c + 2]
        y, x = corner
        box = top, left, bottom, right
        piece = weighted[:, top - y : bottom - y, left - x : right - x]
        cell = self._open.get((r, c))
        if cell is None:
            missing = self._rows.tiles[r] * self._columns.tiles[c] - 1
            cell = _Cell(piece if missing == 0 else piece.copy(), missing)
        else:
            cell.total.__iadd__(piece)
            cell = cell._replace(missing=cell.missing - 1)
        if cell.missing:
            self._open[r, c] = cell
            return None
        self._open.pop((r, c), None)
        self._write(box, cell.total)
        return box

    def _write(self, box: Box, total: Array) -> None:
        where = np.s_[box[0] : box[2], box[1] : box[3]]
        foreground = np.clip(total[-1], 0.0, 1.0)
        if self._probability.dtype == np.uint8:
            foreground = np.rint(foreground * np.float32(255.0))
        self._probability[where] = foreground
        if len(total) == 1:
            self._labels[where] = 1 + (total[0] > 0.5)
        else:
            self._labels[where] = 1 + total.argmax(axis=0)


class _Cell(NamedTuple):
    total: Array  # (c, h, w) float32
    missing: int  # tiles that are still to come


class _Piece(NamedTuple):
    """Along one axis: how a tile gets into the result."""

    share: Share
    matrix: interpolation.Matrix | None  # to source pixels, where those differ
    skip: slice  # of the tile's pixels, where none are interpolated
    cells: tuple[int, int]


class _Cuts:
    """One axis of the result, cut where tiles begin and end."""

    def __init__(self, axis: Axis, source: int) -> None:
        same = source == axis.length
        pitch = axis.length / source  # network pixels per source pixel
        positions = (np.arange(source) + 0.5) * pitch - 0.5
        shares = axis.shares(positions)
        self.edges = sorted({s.low for s in shares} | {s.high for s in shares})
        place = {edge: i for i, edge in enumerate(self.edges)}
        self.tiles = [0] * (len(self.edges) - 1)
        self.pieces = []
        for start, share in zip(axis.starts, shares, strict=True):
            cells = place[share.low], place[share.high]
            for cell in range(*cells):
                self.tiles[cell] += 1
            matrix, skip = None, slice(share.low - start, share.high - start)
            if not same:
                inside = np.clip(positions, 0, axis.length - 1)
                centres = inside[share.low : share.high] - start
                matrix = interpolation.weights(centres, pitch, 0, axis.tile)
                skip = slice(None)
            self.pieces.append(_Piece(share, matrix, skip, cells))


def merge_boxes(boxes: list[Box]) -> list[Box]:
    """Return fewer boxes that cover the same: neighbours joined, first along x."""
    wide: list[Box] = []
    for box in sorted(boxes):
        if wide and wide[-1][0] == box[0] and wide[-1][2:] == (box[2], box[1]):
            wide[-1] = (*wide[-1][:3], box[3])
        else:
            wide.append(box)
    tall: list[Box] = []
    for box in sorted(wide, key=lambda b: (b[1], b[3], b[0])):
        if tall and tall[-1][1::2] == box[1::2] and tall[-1][2] == box[0]:
            tall[-1] = (*tall[-1][:2], box[2], box[3])
        else:
            tall.append(box)
    return sorted(tall)
