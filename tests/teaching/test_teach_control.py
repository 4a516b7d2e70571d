"""Pause, stop and discard by files, and what a run's folder says meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
from types import SimpleNamespace

import pytest
from apart import until
from small_lessons import make_run

from dense_transformer.locks import try_lock
from dense_transformer.teaching import (
    discard,
    gate,
    note_kept,
    pause,
    read_status,
    stop,
    teach,
    unpause,
)
from dense_transformer.teaching.gate import Gate
from dense_transformer.teaching.status import STATUS
from dense_transformer.work import finish

needs_processes = pytest.mark.skipif(os.name != "posix", reason="needs forkserver")
LONG = {"steps": 100_000, "validate_every": 50, "save_every": 1000}


@needs_processes
def test_a_run_pauses_goes_on_stops_and_goes_on_again(begin, tmp_path):
    run = make_run(tmp_path / "p", **LONG)
    assert read_status(run).state == "queued"
    child = begin(run)
    pause(run)
    assert until(lambda: read_status(run).state == "paused") < 2
    events = (run / "events.jsonl").read_bytes()
    step = read_status(run).step
    assert (run / "state.pt").exists()  # the power may fail during a pause
    assert (run / "events.jsonl").read_bytes() == events
    unpause(run)
    assert until(lambda: read_status(run).state == "running") < 2
    stop(run)
    child.join(2)
    status = read_status(run)
    assert (child.exitcode, status.state) == (0, "stopped")
    assert status.step >= step
    assert (run / "best.safetensors").exists()
    work = teach(run)
    done = [next(work).done for _ in range(4)]
    work.close()
    assert max(done) >= status.step


def test_it_holds_still_for_as_long_as_the_pause_lasts(tmp_path, monkeypatch):
    heard, looks = [], []
    held = Gate(tmp_path)
    held.on_pause = heard.append
    (tmp_path / "pause").touch()

    def sleep(seconds):
        looks.append(seconds)
        assert heard == [True]
        if len(looks) == 7:
            unpause(tmp_path)

    here = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
    monkeypatch.setattr(gate, "time", here)
    held.hold()
    assert len(looks) == 7
    assert heard == [True, False]


@needs_processes
@pytest.mark.parametrize("paused", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_discarded_run_keeps_no_model(begin, tmp_path, paused):
    run = make_run(tmp_path / "p", **LONG)
    child = begin(run)
    if paused:
        pause(run)
        until(lambda: read_status(run).state == "paused")
    discard(run)
    child.join(2)
    assert (child.exitcode, read_status(run).state) == (0, "discarded")
    assert not [*run.glob("*.safetensors"), *run.glob("state.pt*")]
    assert (run / "events.jsonl").exists()


@needs_processes
def test_a_killed_run_died_and_can_be_discarded(begin, tmp_path):
    run = make_run(tmp_path / "p", **LONG)
    child = begin(run)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    status = read_status(run)
    assert (status.state, status.process) == ("died", child.pid)
    assert not status.alive
    discard(run)
    assert read_status(run).state == "discarded"
    assert not list(run.glob("*.safetensors"))


@pytest.mark.parametrize("begun", [False, True], ids=["choosing", "begun"])
def test_it_stops_while_it_judges(tmp_path, monkeypatch, begun):
    monkeypatch.setattr(gate, "_LOOK_S", 0.0)
    run, said, done = make_run(tmp_path / "p"), set(), set()

    def asked():  # before each convolution
        if begun:
            return b'"start"' in (run / "events.jsonl").read_bytes()
        return any("validating" in words for words in said)

    def note(progress):
        said.add(progress.message)
        done.add(progress.done)

    result = finish(teach(run, stop=asked), note)
    assert done == {0}
    assert (result.words, result.best) == ("stopped before the first step", None)
    assert read_status(run).state == "stopped"
    assert (run / "last.safetensors").exists() == begun


def test_a_finished_run_says_so_and_is_kept_under_a_name(tmp_path):
    run = make_run(tmp_path / "p", steps=2)
    result = finish(teach(run))
    status = read_status(run)
    assert (status.state, status.step, status.steps) == ("finished", 2, 2)
    assert (status.message, status.improved) == (result.words, result.improved)
    note_kept(run, "mine")
    assert (read_status(run).state, read_status(run).name) == ("kept", "mine")


def test_a_killed_run_says_from_which_step_it_goes_on(tmp_path):
    run = make_run(tmp_path / "p", steps=9, save_every=3, validate_every=9)
    work = teach(run)
    while next(work).done < 8:
        pass
    assert read_status(run).step == 6
    work.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"state": "running"', b'{"state": "flying"}',
     b'{"state": "running", "step": "x"}', b'{"state": "running", "more": 1}'],
)  # fmt: skip
def test_a_torn_status_is_no_status(tmp_path, content):
    (tmp_path / STATUS).write_bytes(content)
    assert read_status(tmp_path).state == "queued"
    (tmp_path / STATUS).write_text(json.dumps({"state": "running", "step": 3}))
    assert (read_status(tmp_path).state, read_status(tmp_path).step) == ("died", 3)


def test_what_is_asked_before_a_run_has_its_lock_is_not_lost(tmp_path):
    run = make_run(tmp_path / "p", steps=2)
    stop(run)
    result = finish(teach(run))
    assert (result.ending, result.steps) == ("stopped", 0)


def test_what_was_asked_of_a_process_before_is_forgotten(tmp_path):
    run = make_run(tmp_path / "p", steps=2)
    stop(run)
    os.utime(run / "stop", (1.0, 1.0))
    assert finish(teach(run)).ending == "finished"


def test_the_gate_hears_a_caller_too(tmp_path):
    asked = False
    gate = Gate(tmp_path, lambda: asked)
    assert gate.asked() == ""
    asked = True
    assert gate.asked() == "stop"
    discard(tmp_path)
    (tmp_path / "discard").touch()
    assert gate.asked() == "discard"
    gate.clear()
    assert not (tmp_path / "discard").exists()


def test_two_who_look_at_a_dead_run_don_t_see_each_other(tmp_path):
    (tmp_path / STATUS).write_text(json.dumps({"state": "running", "step": 3}))
    (tmp_path / "lock").write_text("999999999\n")  # no such process
    handle = os.open(tmp_path / "lock", os.O_RDWR)
    assert try_lock(handle)  # the other one, looking
    assert read_status(tmp_path).state == "died"
    os.close(handle)
