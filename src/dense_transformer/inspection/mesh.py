"""The warped mesh of one transformer: where any position reads, and back."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from dense_transformer.types import Array

_INSIDE = 1e-9  # cells; a position on an edge belongs to both of its cells


class Mesh:
    """Where the units of a warped map read, as a surface of bilinear cells.

    Positions are indices of units, (y, x), centres at integers. Units are squares,
    so the mesh reaches half a unit beyond the outermost centres: from -0.5 to
    height - 0.5. It is T itself at the units, and nothing the network uses lies
    between them.

    Parameters
    ----------
    points : ndarray, shape (h, w, 2)
        Where each unit of the warped map is read, in units of the input map.
    size : tuple of int
        Height and width of the input map.
    """

    def __init__(self, points: Array, size: tuple[int, int]) -> None:
        self.points = np.asarray(points, dtype=np.float64)
        self.size = size
        self.out_size = (int(points.shape[0]), int(points.shape[1]))
        nodes = self.points
        for axis in (0, 1):
            nodes = _lengthen(nodes, axis, size[axis] / self.out_size[axis])
        self._nodes = nodes  # (h + 2, w + 2, 2)

    @property
    def step(self) -> Array:
        """Input units per unit of the warped map at rest, (y, x).

        At rest the outermost units of both maps lie on each other.
        """
        pairs = zip(self.size, self.out_size, strict=True)
        return np.array(
            [(n - 1) / (m - 1) if min(n, m) > 1 else n / m for n, m in pairs]
        )

    def read(self, units: Array) -> Array:
        """Return where positions (..., 2) of the warped map read, in input units.

        Beyond the mesh it goes on as straight as it ended.
        """
        base, part = self._locate(units)
        nw, ne, sw, se = self._corners(base)
        y, x = part[..., :1], part[..., 1:]
        top, low = nw + (ne - nw) * x, sw + (se - sw) * x
        return np.asarray(top + (low - top) * y)

    def find(self, places: Array) -> Array:
        """Return which positions of the warped map read places (..., 2) of the input.

        Returns
        -------
        ndarray, shape (..., 2)
            `read` of it is the place. NaN where the mesh doesn't reach; where it lies
            in several folds, an unfolded one of them.
        """
        flat = np.asarray(places, dtype=np.float64).reshape(-1, 2)
        found = np.full(flat.shape, np.nan)
        owner, cell = self._candidates(flat)
        if len(owner):
            solved = _invert_cells(self._cells[cell], flat[owner])
            rank = np.where(solved.inside, np.where(solved.folded, 1, 0), 2)
            order = np.lexsort((rank, owner))  # stable: the first cell wins
            _, first = np.unique(owner[order], return_index=True)
            best = order[first]
            best = best[solved.inside[best]]
            extended = solved.part[best] + self._base[cell[best]]
            found[owner[best]] = self._from_nodes(extended)
        return found.reshape(np.shape(places))

    def determinant(self, units: Array) -> Array:
        """Return input units of area per unit of area at positions (..., 2)."""
        base, part = self._locate(units)
        nw, ne, sw, se = self._corners(base)
        y, x = part[..., :1], part[..., 1:]
        down = (sw - nw) * (1 - x) + (se - ne) * x
        right = (ne - nw) * (1 - y) + (se - sw) * y
        double = np.prod(np.where(self._halved(base), 2.0, 1.0), -1)
        return np.asarray(_cross(down, right) * double)

    def _locate(self, units: Array) -> tuple[Array, Array]:
        """Return the cells' first nodes and the positions within the cells."""
        last = np.array(self.out_size) - 1
        nodes = np.clip(units, 0.0, last) + 1.0
        nodes = nodes + 2.0 * (np.minimum(units, 0.0) + np.maximum(units - last, 0.0))
        base = np.clip(np.floor(nodes), 0, last + 1).astype(np.intp)
        return base, nodes - base

    def _halved(self, base: Array) -> Array:
        """Return along which axes a cell is one of the rim, half a unit wide."""
        return np.asarray((base == 0) | (base == np.array(self.out_size)))

    def _from_nodes(self, nodes: Array) -> Array:
        """Return positions in units for positions in nodes of the lengthened mesh."""
        last = np.array(self.out_size, dtype=np.float64) - 1
        units = nodes - 1.0
        units = np.where(nodes < 1, (nodes - 1.0) / 2.0, units)
        over = nodes > last + 1
        return np.asarray(np.where(over, last + (nodes - last - 1) / 2.0, units))

    def _corners(self, base: Array) -> tuple[Array, Array, Array, Array]:
        i, j = base[..., 0], base[..., 1]
        nodes = self._nodes
        return nodes[i, j], nodes[i, j + 1], nodes[i + 1, j], nodes[i + 1, j + 1]

    @cached_property
    def _base(self) -> Array:
        """First node of each cell, shape (cells, 2)."""
        counts = self._nodes.shape[0] - 1, self._nodes.shape[1] - 1
        return np.indices(counts).reshape(2, -1).T

    @cached_property
    def _cells(self) -> Array:
        """Corners of each cell, shape (cells, 4, 2): nw, ne, sw, se."""
        return np.stack(self._corners(self._base), 1)

    @cached_property
    def _bins(self) -> _Bins:
        return _Bins.of(self._cells, self.out_size)

    def _candidates(self, places: Array) -> tuple[Array, Array]:
        """Return pairs (place, cell) of which the cell's box may hold the place."""
        return self._bins.look_up(places)


class _Bins(NamedTuple):
    """Which cells touch which square of a raster over the mesh."""

    low: Array  # (2,)
    pitch: Array  # (2,)
    counts: tuple[int, int]
    starts: Array  # (bins + 1,)
    cells: Array

    @classmethod
    def of(cls, cells: Array, counts: tuple[int, int]) -> _Bins:
        low, high = cells.min(1), cells.max(1)
        start = low.min(0)
        pitch = np.maximum((high.max(0) - start) / counts, 1e-12)
        first = _bin(low, start, pitch, counts)
        span = _bin(high, start, pitch, counts) - first + 1
        repeats = span.prod(1)
        cell = np.repeat(np.arange(len(cells)), repeats)
        inner = np.arange(len(cell)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        row = first[cell, 0] + inner // span[cell, 1]
        column = first[cell, 1] + inner % span[cell, 1]
        number = row * counts[1] + column
        order = np.argsort(number, kind="stable")
        starts = np.searchsorted(number[order], np.arange(counts[0] * counts[1] + 1))
        return cls(start, pitch, counts, starts, cell[order])

    def look_up(self, places: Array) -> tuple[Array, Array]:
        """Return pairs (place, cell)."""
        high = self.low + self.pitch * self.counts
        near = ((places >= self.low - 1e-6) & (places <= high + 1e-6)).all(1)
        inside = np.flatnonzero(near)
        at = _bin(places[inside], self.low, self.pitch, self.counts)
        number = at[:, 0] * self.counts[1] + at[:, 1]
        starts = self.starts[number]
        repeats = self.starts[number + 1] - starts
        before = np.cumsum(repeats) - repeats
        pick = np.arange(repeats.sum()) + np.repeat(starts - before, repeats)
        return np.repeat(inside, repeats), self.cells[pick]


def _bin(places: Array, low: Array, pitch: Array, counts: tuple[int, int]) -> Array:
    number = np.floor((places - low) / pitch)
    return np.asarray(np.clip(number, 0, np.array(counts) - 1).astype(np.intp))


class _Solved(NamedTuple):
    """Positions within cells, (y, x) in [0, 1], for pairs of place and cell."""

    part: Array  # (n, 2)
    inside: Array  # (n,)
    folded: Array  # (n,)


def _invert_cells(cells: Array, places: Array) -> _Solved:
    """Return where places (n, 2) lie within bilinear cells (n, 4, 2).

    p = nw + x e + y f + x y g is a quadratic equation in y; of its two roots the one
    that lies inside, the unfolded first.
    """
    nw, ne, sw, se = cells.swapaxes(0, 1)
    e, f, g, p = ne - nw, sw - nw, nw - ne - sw + se, places - nw
    k2, k1, k0 = _cross(f, g), _cross(f, e) + _cross(g, p), _cross(e, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(k1 * k1 - 4.0 * k2 * k0)
        q = -0.5 * (k1 + np.copysign(root, k1))
        part = np.stack([_with_x(y, e, f, g, p) for y in (k0 / q, q / k2)])
    near = (part >= -_INSIDE) & (part <= 1 + _INSIDE)  # NaN is outside
    inside = np.asarray(near.all(-1))
    y, x = part[..., :1], part[..., 1:]
    with np.errstate(invalid="ignore"):
        folded = np.asarray(~(_cross(f + x * g, e + y * g) > 0))
    second = inside[1] & (~inside[0] | (folded[0] & ~folded[1]))
    pick = second.astype(np.intp), np.arange(len(places))
    return _Solved(part[pick].clip(0.0, 1.0), inside[pick], folded[pick])


def _with_x(y: Array, e: Array, f: Array, g: Array, p: Array) -> Array:
    """Return (y, x) for one root: x along the longer of the edge's components."""
    edge = e + y[:, None] * g
    rest = p - y[:, None] * f
    axis = np.abs(edge).argmax(1)[:, None]
    x = np.take_along_axis(rest, axis, 1) / np.take_along_axis(edge, axis, 1)
    return np.stack([y, x[:, 0]], -1)


def _cross(a: Array, b: Array) -> Array:
    """Return a_y b_x - a_x b_y: positive for (down, right)."""
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _lengthen(nodes: Array, axis: int, rest: float) -> Array:
    """Return nodes with one more at each end of an axis, half a step further."""
    nodes = np.moveaxis(nodes, axis, 0)
    if len(nodes) > 1:
        first, last = (nodes[1] - nodes[0]) / 2.0, (nodes[-1] - nodes[-2]) / 2.0
    else:  # one unit has no neighbour to tell: as wide as at rest
        first = last = rest / 2.0 * np.eye(2)[axis]
    longer = np.concatenate([nodes[:1] - first, nodes, nodes[-1:] + last])
    return np.moveaxis(longer, 0, axis)
