"""Two processes that predict the same image on the CPU give the same bytes."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import hashlib, sys
from pathlib import Path
import numpy as np
from dense_transformer.config import NetworkConfig, PredictConfig, TransformerConfig
from dense_transformer.inference import predict
from dense_transformer.nn import build_network
from dense_transformer.types import Image
from dense_transformer.work import finish
from dense_transformer.zoo import Card, Model

config = NetworkConfig(
    depth=4, base_channels=4,
    transformers=(TransformerConfig(level=2), TransformerConfig(level=4)),
)
network = build_network(config, seed=3).eval()
for parameter in network.transformer_parameters():
    parameter.data.add_(0.05)  # so that something moves
model = Model(network, config, Card(patch=(64, 64)), "", Path("m"))
pixels = np.random.default_rng(0).integers(0, 255, (100, 90), dtype=np.uint8)
result = finish(predict(
    model, Image(pixels, "yx", "image", (3.0, 3.0)),
    PredictConfig(device="cpu", threads=2, batch=int(sys.argv[1])),
))
sums = [result.probability, result.labels]
sums += [a for level in result.levels for a in (level.coverage, level.displacement_px)]
sums += [a for warp in result.warps for a in (warp.points, warp.fiducials)]
assert max(abs(level.displacement_px).max() for level in result.levels) > 0.1
for array in sums:
    print(array.shape, hashlib.sha256(array.tobytes()).hexdigest())
"""


def start(batch: int) -> subprocess.Popen[str]:
    """Start a process of its own that predicts and prints the sums."""
    command = [sys.executable, "-c", SCRIPT, str(batch)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_give_the_same_bytes():
    processes = [start(3), start(3)]
    first, second = (p.communicate(timeout=120)[0] for p in processes)
    assert [p.returncode for p in processes] == [0, 0]
    assert first == second
    assert first.count("\n") > 10
