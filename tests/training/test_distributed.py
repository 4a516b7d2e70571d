"""Two processes of torchrun against one, on the CPU."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
import torch
from small_runs import small_config
from torch import nn

from dense_transformer.training import RunDirectory, batch_norm, train
from dense_transformer.work import finish
from dense_transformer.zoo import load_model

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="gloo needs a network it can name"
)
DRIVER = """
import json, os, sys
from pathlib import Path
import torch
from dense_transformer.config import TrainConfig
from dense_transformer.settings import from_dict
from dense_transformer.training import loop, train
from dense_transformer.work import finish
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo")
config = from_dict(TrainConfig, json.loads(Path(sys.argv[1]).read_text()))
folder = Path(sys.argv[2])
whole = finish(train(config, folder / "two"))
seen = []
only_one_is_asked = os.environ["RANK"] == "1"
stopped = finish(
    train(config, folder / "stopped", stop=lambda: only_one_is_asked and len(seen) > 2),
    seen.append,
)
again = finish(train(config, folder / "stopped"))
draw = loop.sample_batch
def poisoned(pairs, *, step, first, **settings):
    batch = draw(pairs, step=step, first=first, **settings)
    if step == 1 and first == 0:  # in one process alone
        batch.pixels[0, 0, 3, 3] = float("nan")
    return batch
loop.sample_batch = poisoned
skipping = finish(train(config, folder / "skipping"))
print("skipped", skipping.skipped, skipping.ending, flush=True)
print(whole.ending, stopped.ending, stopped.steps, again.ending, flush=True)
"""


def torchrun(config, folder):
    (folder / "driver.py").write_text(DRIVER)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2",
            f"--master_port={port}", str(folder / "driver.py"),
            str(folder / "config.json"), str(folder),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(folder)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def both(stripes, tmp_path_factory):
    """A folder with the run ``two``, one that was stopped, and what was printed."""
    folder = tmp_path_factory.mktemp("processes")
    # Three patches: the processes have unequal shares.
    config = small_config(
        stripes,
        batch=3,
        steps=4,
        validate_every=4,
        dice=0.5,
        class_balance=0.5,
        transformer_freeze=0.25,
        bending_penalty=0.1,
    )
    return config, folder, torchrun(config, folder)


def losses(run):
    return [e["loss"] for e in RunDirectory(run).read_events() if e["event"] == "step"]


def weights(run):
    return load_model(run / "last.safetensors").network.state_dict()


def test_two_processes_train_what_one_trains(both):
    config, folder, _ = both
    finish(train(config, folder / "one"))
    assert losses(folder / "two") == pytest.approx(losses(folder / "one"), rel=1e-4)
    two = weights(folder / "two")
    for name, value in weights(folder / "one").items():
        # Adam divides by the gradient's size: rounding becomes part of a rate.
        torch.testing.assert_close(two[name], value, rtol=2e-3, atol=2e-4)


def test_one_process_of_two_writes(both):
    _, folder, _ = both
    events = RunDirectory(folder / "two").read_events()
    assert events[0]["processes"] == 2
    assert [e["event"] for e in events] == [
        "start", "step", "step", "step", "step", "validation", "end",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_stop_of_one_process_stops_both_and_they_go_on_bit_equal(both):
    _, folder, printed = both
    lines = [line for line in printed.splitlines() if "stopped" in line]
    assert lines == ["finished stopped 2 finished"] * 2
    two, again = weights(folder / "two"), weights(folder / "stopped")
    assert all(torch.equal(two[name], again[name]) for name in two)
    assert losses(folder / "two") == losses(folder / "stopped")


def test_a_bad_pixel_in_one_process_makes_both_skip_the_step(both):
    _, folder, printed = both
    assert printed.count("skipped 1 finished") == 2
    kinds = [e["event"] for e in RunDirectory(folder / "skipping").read_events()]
    assert kinds[1:4] == ["step", "skip", "step"]


@pytest.mark.parametrize("affine", [True, False])
def test_global_batch_norm_alone_is_that_of_torch(affine, monkeypatch):
    monkeypatch.setattr(batch_norm, "all_reduce", lambda sums: sums)
    theirs = nn.BatchNorm2d(3, affine=affine)
    if affine:
        nn.init.normal_(theirs.weight)
        nn.init.normal_(theirs.bias)
    ours = nn.Sequential(nn.BatchNorm2d(3, affine=affine))
    ours[0].load_state_dict(theirs.state_dict())
    batch_norm.use_global_batch_norm(ours)
    assert isinstance(ours[0], batch_norm.GlobalBatchNorm2d)
    for _ in range(2):
        x = (torch.randn(4, 3, 5, 6) * 2 + 1).requires_grad_()
        y = x.detach().clone().requires_grad_()
        first, second = theirs(x), ours(y)
        torch.testing.assert_close(second, first)
        first.square().sum().backward()
        second.square().sum().backward()
        torch.testing.assert_close(y.grad, x.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours[0].state_dict(), theirs.state_dict())
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
