"""Tiles read ahead in a thread, while the network is busy with others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from dense_transformer.inference.source import NetworkView
from dense_transformer.inference.tiles import TilePlan
from dense_transformer.types import Array

Place = tuple[int, int]  # row and column of a tile in its plan


class TileReader:
    """Reads the tiles of a plan in an order; use it in a ``with`` statement.

    What reading raises is raised by `take`, when the tile is asked for. Leaving
    the block waits for the one tile that is being read, and reads no other.

    Parameters
    ----------
    view : NetworkView
        The image.
    plan : TilePlan
        Its tiles.
    order : list of (int, int)
        Rows and columns of the tiles to be read.
    ahead : int
        How many tiles may be read before they are asked for.
    """

    def __init__(
        self, view: NetworkView, plan: TilePlan, order: list[Place], ahead: int
    ) -> None:
        self._view, self._plan = view, plan
        self._places: Iterator[Place] = iter(order)
        self._read: deque[tuple[Place, Future[Array]]] = deque()
        self._ahead = ahead
        self._thread = ThreadPoolExecutor(1, "dtn-tiles")

    def __enter__(self) -> TileReader:
        self._fill()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def take(self, count: int) -> list[tuple[Place, Array]]:
        """Return the next tiles with their places, at most `count`; [] at the end."""
        taken: list[tuple[Place, Array]] = []
        while len(taken) < count and self._read:
            place, future = self._read.popleft()
            taken.append((place, future.result()))
            self._fill()
        return taken

    def _fill(self) -> None:
        while len(self._read) < self._ahead:
            place = next(self._places, None)
            if place is None:
                return
            box = self._plan.box(*place)
            self._read.append((place, self._thread.submit(self._view.read, box)))
