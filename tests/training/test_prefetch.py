from __future__ import annotations

import threading
from concurrent.futures import wait

import pytest

from dense_transformer.training.prefetch import Prefetch


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("dtn-batches")]


def test_batches_come_in_order_and_end():
    with Prefetch(lambda step: step * step, 3, 9) as batches:
        assert [batches.take() for _ in range(6)] == [9, 16, 25, 36, 49, 64]
        with pytest.raises(IndexError):
            batches.take()
    assert not workers()


def test_batches_are_drawn_before_they_are_asked_for():
    drawn = threading.Semaphore(0)

    def draw(step):
        drawn.release()
        return step

    with Prefetch(draw, 0, 10, ahead=3):
        for _ in range(3):
            assert drawn.acquire(timeout=5)
        assert not drawn.acquire(timeout=0.05)  # and no more than that


def test_an_error_ahead_is_raised_at_the_next_batch():
    def draw(step):
        if step == 2:
            raise ValueError("image 7 is gone")
        return step

    with Prefetch(draw, 0, 10, ahead=3) as batches:
        wait(batches._waiting)  # all three are drawn, the last one in vain
        with pytest.raises(ValueError, match="image 7 is gone"):
            batches.take()  # not the third: the first
    assert not workers()


def test_closing_joins_threads_and_drops_what_waits():
    started, go = threading.Event(), threading.Event()
    seen = []

    def draw(step):
        seen.append(step)
        started.set()
        go.wait(5)
        return step

    batches = Prefetch(draw, 0, 100, ahead=8)
    started.wait(5)
    go.set()
    with batches:
        pass
    assert not workers()
    assert len(seen) < 20
