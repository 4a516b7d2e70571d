"""A session of known answers: every fiducial of every tile is shifted by SHIFT_PX."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from fake_core import fake_prediction

from dense_transformer.inference.engine import LevelTile
from dense_transformer.inference.warps import tile_warp
from dense_transformer.inspection import TileLook, rewarp
from dense_transformer.types import Box, Prediction, Warp, WarpEdit

TILE, UNITS, KNOTS = 64, 8, 4
PITCH = TILE / UNITS
HALF = (UNITS - 1) / 2  # units from the middle of a map to its outermost centres
SHIFT_PX = (3.0, -2.0)
THETA = np.tile(np.float32(SHIFT_PX) / PITCH / HALF, KNOTS * KNOTS)
LEARNED, STILL = 0.9, 0.1  # the probability with and without a warp


def still_warp(box: Box, level: int = 4) -> Warp:
    """Return a spline that moves nothing."""
    knots = np.linspace(0, 2 * HALF, KNOTS)
    lattice = np.stack(np.meshgrid(knots, knots, indexing="ij"), -1).reshape(-1, 2)
    units = np.arange(float(UNITS))
    points = np.stack(np.meshgrid(units, units, indexing="ij"), -1)
    tile = LevelTile(
        level=level, family="tps", lattice_px=np.float32(lattice),
        fiducials_px=np.float32(lattice), points_px=np.float32(points),
        coverage=np.ones((UNITS, UNITS), np.float32),
        theta=np.zeros(2 * KNOTS * KNOTS, np.float32),
    )  # fmt: skip
    return tile_warp(tile, box, (1.0, 1.0))


class FakeSession:
    """Looks at tiles of 64 px without a network; can be held at a gate."""

    def __init__(self, size: tuple[int, int], levels: tuple[int, ...] = (4,)) -> None:
        tops, lefts = (range(0, n - TILE + 1, TILE) for n in size)
        self.tiles = tuple((t, x, t + TILE, x + TILE) for t in tops for x in lefts)
        self.tiles_px, self.levels, self.size = self.tiles, levels, size
        self.gate = threading.Event()
        self.gate.set()
        self.looks: list[tuple[int, tuple[WarpEdit, ...]]] = []
        self.model = SimpleNamespace(config=None)

    def tile_at(self, at_px: tuple[float, float]) -> int | None:
        inside = [t <= at_px[0] < b and x <= at_px[1] < r for t, x, b, r in self.tiles]
        return inside.index(True) if any(inside) else None

    def pixels(self, index: int) -> np.ndarray:
        return np.linspace(0, 1, TILE * TILE, dtype=np.float32).reshape(TILE, TILE)

    def look(self, tile_index: int, edits: Sequence[WarpEdit] = ()) -> TileLook:
        self.gate.wait(10)
        edits = tuple(edits)
        self.looks.append((tile_index, edits))
        box = self.tiles[tile_index]
        warps = tuple(self._warp(level, box, edits) for level in self.levels)
        moved = any(abs(w.theta).max() > abs(THETA).max() / 2 for w in warps)
        value = np.float32(LEARNED if moved else STILL)
        return TileLook(
            index=tile_index, tile_px=box, box=box, warps=warps, edits=edits,
            probability=np.full((TILE, TILE), value), seconds=0.01,
        )  # fmt: skip

    def _warp(self, level: int, box: Box, edits: tuple[WarpEdit, ...]) -> Warp:
        learned = rewarp(still_warp(box, level), WarpEdit(level, theta=THETA))
        mine = sorted(edits, key=lambda edit: edit.tile_px is not None)
        for edit in reversed(mine):
            if edit.level == level and edit.tile_px in (None, box):
                return rewarp(learned, edit)
        return learned


class FakeInspectCore:
    """Opens fake sessions; a model whose name has "plain" bends nothing."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.requests: list[object] = []
        self.predicted: list[tuple[WarpEdit, ...]] = []
        self.levels: tuple[int, ...] = (4,)

    @property
    def session(self) -> FakeSession:
        """The last one."""
        return self.sessions[-1]

    def open(self, request):
        levels = () if request.model == "other" else self.levels
        self.requests.append(request)
        self.sessions.append(FakeSession(request.source.image.size, levels))
        return self.session

    def model(self, key):
        return SimpleNamespace(config=SimpleNamespace(transformers=()), name=key)

    def predict(self, request, stop, edits=()):
        self.predicted.append(tuple(edits))
        probability = np.full(request.source.image.size, 0.7, np.float32)
        yield from ()
        result: Prediction = fake_prediction(probability)
        return result
