"""`predict` against a bare loop of the same network over the same tiles.

Both predict one image of 1024 x 1024 pixels, in turns within one process, and so
do a network with transformers and its plain twin. The bare loop has its tiles cut
and normalised beforehand, and does nothing with the logits: it is the least that
any prediction takes. `predict` runs a copy of the network that is laid out for
speed; the 'laid-out loop' is the bare loop over such a copy. Wall time, and the CPU
time of all threads, which a busy machine disturbs less; medians of the runs and of
the ratios within each run.

    python -m benchmarks.bench_predict [--runs 5] [--base 16] [--threads 0]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dense_transformer.config import NetworkConfig, PredictConfig, TransformerConfig
from dense_transformer.data import measure_intensity
from dense_transformer.inference import predict
from dense_transformer.inference.engine import Engine
from dense_transformer.inference.tiles import plan_tiles
from dense_transformer.nn import build_network
from dense_transformer.types import Image
from dense_transformer.work import finish
from dense_transformer.zoo import Card, Model

TILE = (224, 224)


def main() -> None:
    """Print a table of seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--base", type=int, default=16, help="base channels")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=0, help="0: as torch has it")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (given.size, given.size), dtype=np.uint8)
    image = Image(pixels, "yx", "noise")
    config = PredictConfig(device="cpu", batch=given.batch)
    models = {
        "dtn": make_model(given.base, (TransformerConfig(level=4),)),
        "unet": make_model(given.base, ()),
    }
    batches = cut(image, config)
    ways: dict[str, Callable[[], object]] = {}
    for name, model in models.items():
        ways[f"{name} bare loop"] = lambda m=model: run_bare(m, batches)
        ways[f"{name} laid-out loop"] = lambda m=model: run_laid_out(m, batches)
        ways[f"{name} predict"] = lambda m=model: finish(predict(m, image, config))
    seconds = measure(ways, given.runs)
    tiles = sum(len(b) for b in batches)
    print(
        f"{given.size} x {given.size} px, {tiles} tiles of {TILE}, base {given.base}, "
        f"batch {given.batch}, {torch.get_num_threads()} of {os.cpu_count()} threads, "
        f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}"
    )
    print("| | wall s | CPU s |\n|---|---:|---:|")
    for name, runs in seconds.items():
        wall, cpu = (statistics.median(r[i] for r in runs) for i in (0, 1))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    for over, under in (
        ("dtn predict", "dtn bare loop"),
        ("unet predict", "unet bare loop"),
        ("dtn predict", "dtn laid-out loop"),
        ("unet predict", "unet laid-out loop"),
        ("dtn predict", "unet predict"),
        ("dtn bare loop", "unet bare loop"),
    ):
        wall, cpu = (ratio(seconds[over], seconds[under], i) for i in (0, 1))
        print(f"| {over} / {under} | {wall} | {cpu} |")


def measure(
    ways: dict[str, Callable[[], object]], runs: int
) -> dict[str, list[tuple[float, float]]]:
    """Return (wall, CPU) seconds of every way, run in turns; the first run warms up."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, way in ways.items():
            start = time.perf_counter(), time.process_time()
            way()
            took = time.perf_counter() - start[0], time.process_time() - start[1]
            if run:
                seconds[name].append(took)
    return seconds


def ratio(over: list, under: list, which: int) -> str:
    """Return the median ratio of two ways within a run, and its range."""
    found = sorted(a[which] / b[which] for a, b in zip(over, under, strict=True))
    return f"{statistics.median(found):.3f} ({found[0]:.3f}-{found[-1]:.3f})"


def cut(image: Image, config: PredictConfig) -> list[torch.Tensor]:
    """Return the normalised tiles of an image in batches."""
    whole = measure_intensity(image).apply(image.data)
    plan = plan_tiles(image.size, TILE, config.overlap)
    boxes = [plan.box(*place) for place in plan.order()]
    tiles = [
        torch.from_numpy(whole[:, top:bottom, left:right].copy())
        for top, left, bottom, right in boxes
    ]
    return [
        torch.stack(tiles[i : i + config.batch])
        for i in range(0, len(tiles), config.batch)
    ]


def run_bare(model: Model, batches: list[torch.Tensor]) -> None:
    """Run a network over tiles."""
    with torch.inference_mode():
        for batch in batches:
            model.network(batch)


def run_laid_out(model: Model, batches: list[torch.Tensor]) -> None:
    """Run `predict`'s copy of a network over tiles."""
    network = Engine(model.network, torch.device("cpu")).network
    with torch.inference_mode():
        for batch in batches:
            network(batch.contiguous(memory_format=torch.channels_last))


def make_model(base: int, transformers: tuple[TransformerConfig, ...]) -> Model:
    """Return a model with new weights; its warps move a little."""
    config = NetworkConfig(base_channels=base, transformers=transformers)
    network = build_network(config).eval()
    for parameter in network.transformer_parameters():
        parameter.data.add_(0.01)
    return Model(network, config, Card(patch=TILE), "", Path("new"))


if __name__ == "__main__":
    main()
