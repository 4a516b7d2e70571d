"""Runs that are killed, in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest
import torch
from small_runs import small_config

from dense_transformer.training import RunDirectory, train
from dense_transformer.training.state import unpack_state
from dense_transformer.work import finish

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="needs SIGKILL and forkserver"
)
STEPS, SAVE_EVERY = 24, 3


def settings(root):
    return small_config(
        root, steps=STEPS, save_every=SAVE_EVERY, validate_every=8, average=0.9
    )


def work_alone(root, run):
    torch.set_num_threads(1)
    finish(train(settings(root), run))


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def saved(run):
    content, _ = RunDirectory(run).read_state()
    return unpack_state(content, "state") if content else {"step": 0}


def equal(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


@pytest.mark.slow
def test_killed_again_and_again_it_ends_bit_equal(stripes, tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dense_transformer.training"])
    rng = np.random.default_rng(11)
    killed, run = 0, tmp_path / "killed"
    events = run / "events.jsonl"
    while True:
        seen = lines(events)
        before = saved(run)["step"] if seen else 0
        child = context.Process(target=work_alone, args=(stripes, run))
        child.start()
        new = int(rng.integers(2, 9))  # events, most of them steps
        while child.is_alive() and (killed == 4 or lines(events) < seen + new):
            time.sleep(0.001)
        if not child.is_alive():
            child.join()
            break
        time.sleep(rng.uniform(0, 0.05))  # in a step, a save or a validation
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        killed += 1
        last = [e for e in RunDirectory(run).read_events() if e["event"] == "step"]
        assert saved(run)["step"] >= max(
            before, (last or [{"step": 0}])[-1]["step"] - SAVE_EVERY
        )
    assert (child.exitcode, killed) == (0, 4)

    whole = tmp_path / "whole"
    child = context.Process(target=work_alone, args=(stripes, whole))
    child.start()
    child.join()
    assert equal(saved(run), saved(whole))
    ours, theirs = (
        [e for e in RunDirectory(r).read_events() if e["event"] not in ("start", "end")]
        for r in (run, whole)
    )
    assert ours == theirs
