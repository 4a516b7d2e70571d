"""Runs wait for each other, in order, and nobody waits for the dead."""

from __future__ import annotations

import multiprocessing
import os
import platform
import signal
from types import SimpleNamespace

import pytest
import torch
from apart import until
from small_lessons import make_project, make_run, small_teaching

from dense_transformer.errors import RunError
from dense_transformer.teaching import (
    begin_run,
    pause,
    queue,
    read_status,
    stop,
    teach,
    tuning,
    turns,
    unpause,
)
from dense_transformer.teaching.queue import Place
from dense_transformer.teaching.turns import Turn, device_turn, project_turn
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
        assert next(second).message == "waits for run 0001"
        assert read_status(runs[1]).state == "queued"
        if read_status(runs[0]).alive:
            finish(first)
            break
    assert finish(second).steps == 3
    assert read_status(runs[1]).state == "finished"


@pytest.mark.skipif(os.name != "posix", reason="needs forkserver")
def test_a_paused_run_lets_others_have_the_device_and_waits_for_them(begin, tmp_path):
    paused = make_run(tmp_path / "p", steps=100_000)
    other = make_run(tmp_path / "cells-teach", steps=100_000)
    child = begin(paused)
    pause(paused)
    until(lambda: read_status(paused).state == "paused")
    work = teach(other)
    while next(work).done < 1:
        assert read_status(other).state != "queued" or not read_status(other).message
    unpause(paused)
    until(lambda: read_status(paused).state == "queued")
    words = "waits for run 0001 of cells-teach on this cpu"
    assert read_status(paused).message == words
    pause(paused)
    until(lambda: read_status(paused).state == "paused")
    unpause(paused)
    work.close()
    until(lambda: read_status(paused).state == "running")
    stop(paused)
    child.join(30)
    assert child.exitcode == 0


def test_machines_that_share_a_home_don_t_wait_for_each_other(tmp_path, monkeypatch):
    folders = set()
    for name in ("node1", "node2"):
        monkeypatch.setattr(turns.platform, "node", lambda name=name: name)
        folders.add(device_turn(tmp_path, torch.device("cpu")).folder)
    assert len(folders) == 2


def test_each_gpu_has_a_queue_of_its_own(tmp_path, monkeypatch):
    folders = set()
    for properties in (SimpleNamespace(uuid="1-2"), SimpleNamespace(uuid="1-3"), None):
        found = lambda device, properties=properties: properties  # noqa: E731
        monkeypatch.setattr(turns.torch.cuda, "get_device_properties", found)
        folders.add(device_turn(tmp_path, torch.device("cuda")).folder.name)
    assert folders == {"cuda-1-2", "cuda-1-3", f"cuda-{platform.node()}"}


def test_a_home_without_locks_keeps_nobody_from_teaching(tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "try_lock", lambda handle: False)
    monkeypatch.setattr(queue, "_PATIENCE_S", 0.0)
    assert device_turn(tmp_path, torch.device("cpu")).came()
    with pytest.raises(RunError, match="can't lock"):
        project_turn(tmp_path / "runs" / "0001").came()


def test_whom_a_run_waits_for_is_named(tmp_path):
    runs = [tmp_path / "p" / "runs" / name for name in ("0001", "0002", "0003")]
    waiting = [Turn(run, tmp_path / "q") for run in runs]
    assert [turn.came() for turn in waiting] == [True, False, False]
    assert waiting[1].words == "waits for run 0001"
    assert waiting[2].words == "waits for run 0001 and 1 more"
    waiting[0].leave()
    assert waiting[1].came()
    for turn in waiting:
        turn.leave()
    assert list((tmp_path / "q").iterdir()) == []


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


def test_a_run_is_not_taught_by_two(tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "_PATIENCE_S", 0.0)  # nobody only looks
    with make_project(tmp_path / "p") as project:
        run = begin_run(project, small_teaching(steps=3))
    first = teach(run)
    next(first)
    with pytest.raises(RunError, match="in use"):
        next(teach(run))
    first.close()
