"""Runs wait for each other, in order, and nobody waits for the dead."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
from small_lessons import make_project, small_teaching

from dense_transformer.errors import RunError
from dense_transformer.teaching import begin_run, read_status, stop, teach
from dense_transformer.teaching.queue import Place
from dense_transformer.work import finish


def hold_place(folder, taken):
    with Place(folder):
        taken.set()
        signal.pause()


def test_places_are_taken_in_order_and_given_back(tmp_path):
    with Place(tmp_path / "q") as first:
        with Place(tmp_path / "q") as second, Place(tmp_path / "q") as third:
            assert (first.ahead(), second.ahead(), third.ahead()) == (0, 1, 2)
        assert first.ahead() == 0
    assert list((tmp_path / "q").iterdir()) == []


def test_who_leaves_the_middle_is_not_waited_for(tmp_path):
    with Place(tmp_path) as first, Place(tmp_path) as second:
        with Place(tmp_path) as third:
            second.__exit__(None, None, None)
            assert third.ahead() == 1
            assert first.ahead() == 0
        second.__enter__()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL and forkserver")
def test_a_killed_owner_leaves_no_stale_lock(tmp_path):
    context = multiprocessing.get_context("forkserver")
    taken = context.Event()
    child = context.Process(target=hold_place, args=(tmp_path, taken))
    child.start()
    assert taken.wait(30)
    with Place(tmp_path) as mine:
        assert mine.ahead() == 1
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert mine.ahead() == 0
        assert len(list(tmp_path.iterdir())) == 1


def test_two_runs_of_a_project_run_one_after_the_other(tmp_path):
    with make_project(tmp_path / "p") as project:
        runs = [begin_run(project, small_teaching(steps=3)) for _ in range(2)]
    first, second = (teach(run) for run in runs)
    while next(first).done < 1:
        pass
    assert read_status(runs[0]).state in ("probing", "running")
    for _ in range(2):
        assert "waits for 1 other run" in next(second).message
        assert read_status(runs[1]).state == "queued"
        if read_status(runs[0]).alive:
            finish(first)
            break
    assert finish(second).steps == 3
    assert read_status(runs[1]).state == "finished"


def test_a_waiting_run_can_be_stopped(tmp_path):
    with make_project(tmp_path / "p") as project:
        runs = [begin_run(project, small_teaching(steps=3)) for _ in range(2)]
    first, second = (teach(run) for run in runs)
    next(first)
    next(second)
    stop(runs[1])
    assert finish(second).ending == "stopped"
    assert read_status(runs[1]).state == "stopped"
    first.close()


def test_a_run_is_not_taught_by_two(tmp_path):
    with make_project(tmp_path / "p") as project:
        run = begin_run(project, small_teaching(steps=3))
    first = teach(run)
    next(first)
    with pytest.raises(RunError, match="in use"):
        next(teach(run))
    first.close()
