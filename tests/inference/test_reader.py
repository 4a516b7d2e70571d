"""Tiles are read ahead, in order, and no more of them once nobody wants them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dense_transformer.inference.reader import TileReader
from dense_transformer.inference.tiles import plan_tiles

PLAN = plan_tiles((100, 100), (20, 20), 0.0)


class View:
    """Notes which boxes are read; holds each read until the gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.reads: list = []
        self.started = threading.Semaphore(0)

    def read(self, box):
        self.reads.append(box)
        self.started.release()
        assert self.gate.wait(10)
        return np.array(box)


def test_tiles_come_in_order_with_their_places():
    view = View()
    view.gate.set()
    order = PLAN.order((50, 50, 60, 60))
    taken = []
    with TileReader(view, PLAN, order, 8) as reader:
        while batch := reader.take(3):
            taken += batch
    assert [place for place, _ in taken] == order
    assert all(tuple(tile) == PLAN.box(*place) for place, tile in taken)


def test_reading_goes_ahead_by_what_is_allowed_and_no_further():
    view = View()
    view.gate.set()
    with TileReader(view, PLAN, PLAN.order(), 4) as reader:
        for _ in range(4):
            assert view.started.acquire(timeout=10)
        reader.take(1)
        assert view.started.acquire(timeout=10)
        assert len(view.reads) == 5


def test_who_leaves_waits_for_one_tile_only():
    view = View()
    reader = TileReader(view, PLAN, PLAN.order(), 8)
    reader.__enter__()
    assert view.started.acquire(timeout=10)
    leaver = threading.Thread(target=reader.__exit__, args=(None, None, None))
    leaver.start()
    for future in [future for _, future in reader._read][1:]:
        while not future.cancelled() and leaver.is_alive():
            leaver.join(0.001)
    view.gate.set()
    leaver.join(10)
    assert not leaver.is_alive()
    assert len(view.reads) == 1


def test_what_reading_raises_is_raised_when_the_tile_is_taken():
    class Torn(View):
        def read(self, box):
            if len(self.reads) == 2:
                raise ValueError("torn")
            return super().read(box)

    view = Torn()
    view.gate.set()
    with TileReader(view, PLAN, PLAN.order(), 8) as reader:
        reader.take(2)
        with pytest.raises(ValueError, match="torn"):
            reader.take(1)
