"""Two processes of torchrun against one, on the CPU."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
import torch
from conftest import small_config

from dense_transformer.config import DataConfig
from dense_transformer.training import RunDirectory, train
from dense_transformer.work import finish
from dense_transformer.zoo import load_model

DRIVER = """
import json, sys
from pathlib import Path
import torch
from dense_transformer.config import TrainConfig
from dense_transformer.settings import from_dict
from dense_transformer.training import train
from dense_transformer.work import finish
torch.set_num_threads(1)
config = from_dict(TrainConfig, json.loads(Path(sys.argv[1]).read_text()))
result = finish(train(config, Path(sys.argv[2])))
print("ended", result.ending, result.steps, flush=True)
"""


def torchrun(config, run, tmp_path):
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2",
            f"--master_port={port}", str(tmp_path / "driver.py"),
            str(tmp_path / "config.json"), str(run),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def losses(run):
    return [e["loss"] for e in RunDirectory(run).read_events() if e["event"] == "step"]


@pytest.mark.skipif(sys.platform != "linux", reason="gloo needs a network it can name")
def test_two_processes_train_what_one_trains(stripes, tmp_path):
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
    assert isinstance(config.data, DataConfig)
    done = torchrun(config, tmp_path / "two", tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("ended finished 4") == 2
    finish(train(config, tmp_path / "one"))
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    one, two = (
        load_model(tmp_path / run / "last.safetensors").network.state_dict()
        for run in ("one", "two")
    )
    for name, value in one.items():  # Adam turns rounding into steps of the rate
        torch.testing.assert_close(two[name], value, rtol=2e-3, atol=2e-4, msg=name)
    events = RunDirectory(tmp_path / "two").read_events()
    assert events[0]["processes"] == 2
    assert [e["event"] for e in events].count("validation") == 1
