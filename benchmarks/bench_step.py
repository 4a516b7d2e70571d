"""One training step of a DTN against one of its U-Net twin, in turns.

The papers give 1.098 (Li et al. 2019, Table 1: 15 min 41 s over 14 min 18 s for
10,000 steps on a Tesla K40). A step is that of `dtn train`: forward, loss with
fold penalty, backward, clipping, optimiser; drawing patches is left out, as it
runs beside.

    python -m benchmarks.bench_step [--runs 15] [--device cpu] [--precision float32]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import torch

from dense_transformer.config import NetworkConfig, TrainConfig, TransformerConfig
from dense_transformer.data.patches import Batch
from dense_transformer.training.learner import Learner
from dense_transformer.training.processes import joined_processes


def main() -> None:
    """Print seconds of both steps and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--base", type=int, default=16, help="base channels")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    given = parser.parse_args()
    device = torch.device(given.device)
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(given.batch, 1, 224, 224, generator=generator)
    labels = torch.randint(0, 3, (given.batch, 224, 224), generator=generator)
    batch = Batch(pixels, labels.to(torch.uint8))
    with joined_processes(device) as processes:
        learners = {}
        for name, pairs in (("dtn", (TransformerConfig(gain=0.3),)), ("unet", ())):
            network = NetworkConfig(base_channels=given.base, transformers=pairs)
            config = TrainConfig(
                network=network,
                batch=given.batch,
                precision=given.precision,
                device=given.device,
                transformer_freeze=0.0,
            )
            learners[name] = Learner(config, device, torch.ones(2), processes)
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in learners}
        for run in range(given.runs + 3):  # the first three warm up
            for name, learner in learners.items():
                start = time.perf_counter(), time.process_time()
                learner.learn(batch, run + 1)
                if device.type == "cuda":
                    torch.cuda.synchronize()
                if run >= 3:
                    wall, cpu = time.perf_counter(), time.process_time()
                    seconds[name].append((wall - start[0], cpu - start[1]))
    print(
        f"{given.batch} x 224 x 224, base {given.base}, {given.precision} on {device}, "
        f"{torch.get_num_threads()} of {os.cpu_count()} threads, "
        f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}"
    )
    for which, kind in enumerate(("wall", "CPU")):  # a busy machine disturbs CPU less
        dtn, unet = ([run[which] for run in runs] for runs in seconds.values())
        ratios = sorted(a / b for a, b in zip(dtn, unet, strict=True))
        print(
            f"{kind:4} s: dtn {statistics.median(dtn):.4f} unet "
            f"{statistics.median(unet):.4f}, ratio {statistics.median(ratios):.3f} "
            f"({ratios[0]:.3f} to {ratios[-1]:.3f}), of the least "
            f"{min(dtn) / min(unet):.3f}"
        )


if __name__ == "__main__":
    main()
