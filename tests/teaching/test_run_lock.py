"""Whether a run is at work is seen also where machines share its disk."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import pytest
from small_lessons import make_run

from dense_transformer.errors import RunError
from dense_transformer.locks import try_lock
from dense_transformer.teaching import run_lock, stop, teach, tuning
from dense_transformer.teaching.gate import Gate
from dense_transformer.teaching.run_lock import is_held
from dense_transformer.teaching.status import read_said
from dense_transformer.work import finish

DEAD = 999_999_999  # no process has that number


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "lock"


def say(path, text, age_s=0.0):
    path.write_text(text)
    os.utime(path, (time.time() - age_s,) * 2)


@pytest.fixture
def held(lock):
    """The lock, held by somebody."""
    lock.touch()
    handle = os.open(lock, os.O_RDWR)
    assert try_lock(handle)
    yield lock
    os.close(handle)


def test_a_process_of_another_machine_holds_it_whatever_its_number(held):
    say(held, f"{DEAD} node7\n", age_s=3600)
    assert is_held(held)
    say(held, f"{DEAD}\n")
    assert not is_held(held)  # of this machine: somebody only looks


@pytest.mark.parametrize("text", ["", f"{DEAD} node7\n"])
def test_who_only_looks_does_not_hold_it(lock, monkeypatch, text):
    say(lock, text, age_s=3600)
    answers = [False, True]  # the other one has looked, and let go
    monkeypatch.setattr(run_lock, "try_lock", lambda handle: answers.pop(0))
    assert not is_held(lock)
    assert answers == []


@pytest.mark.parametrize(("age_s", "alive"), [(5, True), (3600, False)])
def test_where_locks_are_of_one_machine_signs_of_life_count(lock, age_s, alive):
    say(lock, "12 node7\n", age_s)
    assert is_held(lock) == alive
    say(lock, f"{DEAD}\n", age_s)
    assert not is_held(lock)


def test_a_run_at_work_gives_signs_of_life(lock):
    say(lock, "12 node7\n", age_s=3600)
    gate = Gate(lock.parent)
    gate.hold()
    assert is_held(lock)


def test_a_run_at_work_on_another_machine_is_not_entered(tmp_path, monkeypatch):
    """Whatever the locks of the disk say."""
    run = make_run(tmp_path / "p", steps=1)
    say(run / "lock", "12 node7\n", 5)
    stop(run)  # is meant for that one
    monkeypatch.setattr(tuning, "_PATIENCE_S", 0.0)
    with pytest.raises(RunError, match=r"by process 12 on node7; .* ask it to stop"):
        next(teach(run))
    assert (run / "lock").read_text() == "12 node7\n"
    assert (run / "stop").exists()
    assert read_said(run) is None


def test_a_run_whose_machine_is_silent_is_taken_over(tmp_path):
    run = make_run(tmp_path / "p", steps=1)
    say(run / "lock", "12 node7\n", 3600)
    assert finish(teach(run)).steps == 1


def test_who_is_about_to_let_go_on_another_machine_is_waited_for(tmp_path, monkeypatch):
    run = make_run(tmp_path / "p", steps=1)
    say(run / "lock", "12 node7\n")
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        (run / "lock").write_text("")

    here = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
    monkeypatch.setattr(tuning, "time", here)
    assert finish(teach(run)).steps == 1
    assert len(waited) == 1
