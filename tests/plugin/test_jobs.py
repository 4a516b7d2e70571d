"""Work beside the window: no error lost, no thread kept, stop is prompt."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref

import pytest

from dense_transformer.types import Progress
from napari_dtn.jobs import Job, JobRunner

pytestmark = pytest.mark.usefixtures("no_threads_left")


@pytest.fixture
def runner(qapp):
    runner = JobRunner()
    yield runner
    runner.shut_down()


def record(runner):
    seen = []
    runner.succeeded.connect(lambda job, result: seen.append(("done", result)))
    runner.stopped.connect(lambda job: seen.append(("stopped", job.name)))
    runner.failed.connect(lambda job, error: seen.append(("failed", str(error))))
    return seen


def endless(closed):
    def work(stop):
        try:
            while True:
                threading.Event().wait(0.001)
                yield Progress(1, 2)
        finally:
            closed.append(threading.current_thread().name)

    return work


def returning(value):
    def work(stop):
        yield Progress(0, 1)
        return value

    return work


def test_result_arrives_in_the_thread_of_the_window(runner, qtbot):
    seen, threads = [], []
    runner.succeeded.connect(lambda job, result: seen.append(result))
    runner.succeeded.connect(lambda *_: threads.append(threading.current_thread()))
    runner.start(Job(returning(42), "sum"))
    qtbot.waitUntil(lambda: seen == [42])
    assert threads == [threading.main_thread()]


@pytest.mark.parametrize("kind", [RuntimeError, ValueError, MemoryError])
def test_no_kind_of_error_is_swallowed(runner, qtbot, kind):
    seen = record(runner)

    def work(stop):
        yield Progress(0, 1)
        raise kind("out of luck; try again")

    runner.start(Job(work, "bad"))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [("failed", "out of luck; try again")]
    assert runner.job is None


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority there")
def test_work_lets_the_window_go_first(runner, qtbot):
    seen = record(runner)

    def work(stop):
        yield Progress(0, 1)
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    runner.start(Job(work, "nice"))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [("done", min(19, own + 5))]
    after = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert after == own


def test_stopped_work_is_closed_in_its_own_thread(runner, qtbot):
    seen, closed = record(runner), []
    job = Job(endless(closed), "long")
    runner.start(job)
    qtbot.waitUntil(lambda: job.alive)
    runner.stop()
    qtbot.waitUntil(lambda: seen == [("stopped", "long")])
    assert closed == ["napari-dtn long"]


def test_error_that_stopping_causes_is_not_an_error(runner, qtbot):
    seen = record(runner)
    begun = threading.Event()

    def work(stop):
        begun.set()
        while not stop():
            threading.Event().wait(0.001)
        raise RuntimeError("stopped half-way")
        yield

    runner.start(Job(work, "obedient"))
    assert begun.wait(5)
    runner.stop()
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [("stopped", "obedient")]


def test_second_job_begins_when_the_first_has_ended(runner, qtbot):
    seen, closed = record(runner), []
    first = Job(endless(closed), "first")
    runner.start(first)
    alive_at_begin = []

    def work(stop):
        alive_at_begin.append(bool(closed))
        yield Progress(0, 1)
        return "second"

    runner.start(Job(work, "second"))
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [("stopped", "first"), ("done", "second")]
    assert alive_at_begin == [True]


def test_of_three_jobs_in_a_row_the_last_one_runs(runner, qtbot):
    seen = record(runner)
    runner.start(Job(endless([]), "first"))
    runner.start(Job(returning("no"), "second"))
    runner.start(Job(returning("yes"), "third"))
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [("stopped", "first"), ("done", "yes")]


def test_every_note_arrives_though_progress_is_thinned_out(runner, qtbot):
    notes, shown = [], []
    runner.noted.connect(notes.append)
    runner.progressed.connect(lambda progress: shown.append(progress.done))

    def work(stop):
        for n in range(500):
            yield Progress(n, 500)
            yield n

    done = []
    runner.succeeded.connect(lambda *_: done.append(True))
    runner.start(Job(work, "notes"))
    qtbot.waitUntil(lambda: bool(done))
    assert notes == list(range(500))
    assert len(shown) < 50


def test_words_of_thinned_out_progress_are_not_lost(runner, qtbot):
    words = []
    runner.progressed.connect(lambda progress: words.append(progress.message))
    more = threading.Event()

    def work(stop):
        yield Progress(0, 9)
        yield Progress(1, 9, message="on CPU")
        for n in range(2, 9):
            yield Progress(n, 9)
        more.wait(5)

    runner.start(Job(work, "words"))
    qtbot.waitUntil(lambda: "on CPU" in words)
    more.set()
    qtbot.waitUntil(lambda: runner.job is None)


def test_finished_and_failed_work_keeps_no_array_alive(runner, qtbot):
    class Pixels:
        pass

    def start(fails):
        pixels = Pixels()

        def work(stop):
            held = pixels
            yield Progress(0, 1)
            if fails:
                raise RuntimeError(f"no {type(held)}")

        runner.start(Job(work, "held"))
        return weakref.ref(pixels)

    seen = record(runner)
    refs = [start(False)]
    qtbot.waitUntil(lambda: len(seen) == 1)
    refs.append(start(True))
    qtbot.waitUntil(lambda: len(seen) == 2)
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


def test_shut_down_ends_the_thread_and_says_nothing(runner, qtbot):
    seen, closed = record(runner), []
    job = Job(endless(closed), "cut off")
    runner.start(job)
    qtbot.waitUntil(lambda: job.alive)
    runner.shut_down()
    runner.shut_down()
    assert job.wait(5)
    qtbot.wait(100)
    assert seen == []
    assert closed
