"""Runs that are killed, stopped, starved and watched come to the same bytes."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from contextlib import closing

import numpy as np
import pytest
import torch
from small_lessons import make_run, weights_of

from dense_transformer.teaching import (
    Wanted,
    ask_view,
    discard,
    gate,
    read_status,
    teach,
)
from dense_transformer.teaching import view as view_module
from dense_transformer.teaching.trash import bring_back
from dense_transformer.teaching.tuner import Tuner
from dense_transformer.training import RunDirectory
from dense_transformer.training.preview_file import unpack_preview
from dense_transformer.work import finish

SETTINGS = {"steps": 12, "batch": 4, "validate_every": 4, "save_every": 3}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A run that nobody has begun, for copies."""
    return make_run(tmp_path_factory.mktemp("one") / "p", **SETTINGS)


@pytest.fixture(scope="module")
def whole(untouched):
    """The same run, done without an interruption."""
    run = copy_of(untouched, "0100")
    finish(teach(run))
    return run


def copy_of(run, name):
    return shutil.copytree(run, run.with_name(name))


def work_alone(run):
    torch.set_num_threads(1)
    finish(teach(run))


def results(run):
    kinds = ("step", "validation", "skip")
    events = [e for e in RunDirectory(run).read_events() if e["event"] in kinds]
    begun = [e for e in events if e["step"]]
    return (
        weights_of(run / "best.safetensors"),
        weights_of(run / "last.safetensors"),
        begun,
    )


@pytest.fixture
def attentive(monkeypatch):
    """Runs look what they are asked for all the time, not every 50 ms."""
    monkeypatch.setattr(gate, "_LOOK_S", 0.0)


def stop_after(run, steps):
    reached = [0]
    work = teach(run, stop=lambda: reached[-1] >= steps)
    return finish(work, lambda progress: reached.append(progress.done))


def stop_once_it_reads(run):
    """Return what a run says that is stopped before its last save is read."""
    asked = []
    work = teach(run, stop=lambda: bool(asked))
    return finish(work, lambda progress: asked.append(progress.message))


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL and forkserver")
def test_killed_again_and_again_it_ends_bit_equal(untouched, whole):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dense_transformer.teaching"])
    run = copy_of(untouched, "0101")
    rng, killed = np.random.default_rng(3), 0
    while True:
        seen = lines(run / "events.jsonl")
        child = context.Process(target=work_alone, args=(run,))
        child.start()
        new = int(rng.integers(2, 7))
        while child.is_alive() and (
            killed == 3 or lines(run / "events.jsonl") < seen + new
        ):
            time.sleep(0.001)
        if not child.is_alive():
            child.join()
            break
        time.sleep(rng.uniform(0, 0.05))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        killed += 1
    assert (child.exitcode, killed) == (0, 3)
    assert results(run) == results(whole)


def test_stopped_at_every_third_step_it_ends_bit_equal(untouched, whole):
    run = copy_of(untouched, "0102")
    for stop_at in (1, 4, 7, 10):
        stop_after(run, stop_at)
    finish(teach(run))
    assert results(run) == results(whole)


@pytest.mark.parametrize(
    "again", [stop_once_it_reads, lambda run: finish(teach(run, stop=lambda: True))],
    ids=["while it reads", "while it waits"],
)  # fmt: skip
def test_stopped_before_it_goes_on_a_run_says_what_it_has(untouched, attentive, again):
    run = copy_of(untouched, f"{again.__name__[:5]}")
    first, said = stop_after(run, 7), read_status(run)
    assert (first.steps, first.best_step > 0, first.improved) == (7, True, True)
    assert again(run) == first
    assert read_status(run) == said
    shutil.rmtree(run)


def test_a_run_that_goes_on_never_says_it_is_back_at_its_start(untouched, attentive):
    run = copy_of(untouched, "0106")
    stop_after(run, 7)
    with closing(teach(run)) as work:
        assert next(work).done == 7
        assert (read_status(run).state, read_status(run).step) == ("probing", 7)
    assert (read_status(run).state, read_status(run).step) == ("stopped", 7)


def test_a_run_that_waits_to_go_on_says_at_which_step_it_is(untouched, attentive):
    run, other = copy_of(untouched, "0107"), copy_of(untouched, "0108")
    stop_after(run, 7)
    with closing(teach(other)) as before, closing(teach(run)) as work:
        next(before)
        assert next(work).done == 7
        status = read_status(run)
        assert (status.state, status.step, status.steps) == ("queued", 7, 12)


def test_discarded_before_it_goes_on_a_run_is_brought_back_as_it_was(
    untouched, attentive
):
    run = copy_of(untouched, "0109")
    first = stop_after(run, 7)
    result = finish(teach(run), lambda progress: discard(run))
    assert (result.ending, result.steps, result.best) == ("discarded", 7, None)
    bring_back(run)
    status = read_status(run)
    assert (status.state, status.step) == ("stopped", 7)
    assert status.improved == first.improved


def test_a_damaged_run_says_so_when_it_is_stopped_and_can_be_discarded(
    untouched, attentive
):
    run = copy_of(untouched, "0110")
    stop_after(run, 7)
    for path in run.glob("state.pt*"):
        path.write_bytes(b"torn")
    assert "not a state" in stop_once_it_reads(run).words
    assert read_status(run).step == 7
    result = finish(teach(run), lambda progress: discard(run))
    assert (result.ending, read_status(run).state) == ("discarded", "discarded")


def test_memory_that_ends_in_a_step_changes_nothing_but_rounding(
    untouched, whole, monkeypatch
):
    run = copy_of(untouched, "0103")
    learn = Tuner._backward
    failed = []

    def starved(self, pixels, labels):
        if len(pixels) > self.pieces * 2 or (self.pieces == 2 and not failed[1:]):
            failed.append(self.pieces)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return learn(self, pixels, labels)

    monkeypatch.setattr(Tuner, "_backward", starved)
    messages = []
    finish(teach(run), lambda progress: messages.append(progress.message))
    assert failed == [1, 2]
    assert [m for m in messages if "in 4 parts" in m]
    ours, theirs = (
        [e["loss"] for e in RunDirectory(r).read_events() if e["event"] == "step"]
        for r in (run, whole)
    )
    assert len(ours) == len(theirs) == 12
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)


def test_an_error_that_is_not_memory_is_not_tried_again(untouched, monkeypatch):
    run = copy_of(untouched, "0104")
    calls = []

    def broken(self, pixels, labels):
        calls.append(1)
        raise RuntimeError("a shape is wrong")

    monkeypatch.setattr(Tuner, "_backward", broken)
    with pytest.raises(RuntimeError, match="a shape is wrong"):
        finish(teach(run))
    assert len(calls) == 1


def test_being_watched_changes_no_byte(untouched, whole, monkeypatch):
    run = copy_of(untouched, "0105")
    monkeypatch.setattr(view_module, "SHARE", 1e9)
    monkeypatch.setattr(view_module, "EVERY_S", 0.0)
    ask_view(run, Wanted("stripes", 1, (10, 20, 60, 90)))
    finish(teach(run))
    assert results(run) == results(whole)
    views = [e for e in RunDirectory(run).read_events() if e["event"] == "view"]
    assert views
    assert all(e["box"] == [10, 20, 60, 90] and e["section"] == 1 for e in views)
    assert views[-1]["file"].endswith("-best.npz")  # the last weights may be worse
    shown = unpack_preview(run / views[-1]["file"])
    assert shown.size_px == (50, 70)
    assert [level.level for level in shown.levels] == [2]
    assert len(list(run.glob("view-*.npz"))) <= view_module.KEPT
