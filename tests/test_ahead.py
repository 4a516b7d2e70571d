"""Results come in order, ahead of being asked for, and end with who wanted them."""

from __future__ import annotations

import threading
from concurrent.futures import wait

import pytest

from dense_transformer.ahead import Ahead


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("dtn-ahead")]


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_order_with_their_items_and_end(threads):
    with Ahead(lambda n: n * n, range(3, 9), ahead=4, threads=threads) as results:
        taken = []
        while results:
            taken.append(results.take())
        assert taken == [(n, n * n) for n in range(3, 9)]
        with pytest.raises(IndexError):
            results.take()
    assert not workers()


def test_work_goes_ahead_by_what_is_allowed_and_no_further():
    begun, seen = threading.Semaphore(0), []

    def work(item):
        seen.append(item)
        begun.release()
        return item

    with Ahead(work, range(100), ahead=3) as results:
        for _ in range(3):
            assert begun.acquire(timeout=10)
        assert len(results) == 3
        results.take()
        assert begun.acquire(timeout=10)
    assert seen == [0, 1, 2, 3]  # all threads are joined: nothing more can come


def test_an_error_ahead_is_raised_at_the_next_result():
    def work(item):
        if item == 2:
            raise ValueError("image 7 is gone")
        return item

    with Ahead(work, range(10), ahead=3) as results:
        wait([future for _, future in results._waiting])  # the third was in vain
        with pytest.raises(ValueError, match="image 7 is gone"):
            results.take()  # not the third: the first
    assert not workers()


def test_who_leaves_waits_for_what_is_being_worked_on_only():
    started, go, seen = threading.Event(), threading.Event(), []

    def work(item):
        seen.append(item)
        started.set()
        assert go.wait(10)

    results = Ahead(work, range(100), ahead=8)
    assert started.wait(10)
    futures = [future for _, future in results._waiting]
    leaver = threading.Thread(target=results.__exit__, args=(None, None, None))
    leaver.start()
    for future in futures[1:]:
        while not future.cancelled() and leaver.is_alive():
            leaver.join(0.001)
    go.set()
    leaver.join(10)
    assert not leaver.is_alive()
    assert seen == [0]
    assert not workers()
