"""Time of drawing training patches, one core: `python benchmarks/bench_augment.py`."""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import numpy as np
import torch

from dense_transformer.config import AugmentConfig
from dense_transformer.data.pairs import Pair
from dense_transformer.data.patches import sample_batch

NOTHING = AugmentConfig(
    flips=False,
    turns=False,
    warp_share=0,
    brightness=0,
    contrast=0,
    gamma=0,
    noise=0,
    blur_share=0,
)
DEFAULT = AugmentConfig()
KINDS = {
    "crop": NOTHING,
    "deform": replace(NOTHING, warp_share=1),
    "intensity": replace(DEFAULT, warp_share=0, blur_share=1),
    "default": DEFAULT,
    "everything": replace(DEFAULT, warp_share=1, blur_share=1),
}
CASES = [  # channels, image (h, w), patch (h, w)
    (1, (1024, 1024), (224, 224)),
    (3, (360, 480), (256, 256)),
    (1, (1024, 1024), (512, 512)),
]


def measure_ms(pair: Pair, patch: tuple[int, int], augment: AugmentConfig, n: int):
    """Return median and 90th percentile of n patches' times and their CPU time, ms."""
    times, cpu = [], []
    for step in range(n + 3):  # the first ones warm up
        start, cpu_start = time.perf_counter(), time.thread_time()
        sample_batch([pair], patch=patch, batch=1, augment=augment, seed=0, step=step)
        times.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.thread_time() - cpu_start))
    high = float(np.percentile(times[3:], 90))
    return statistics.median(times[3:]), high, statistics.median(cpu[3:])


def main() -> None:
    """Print a table of times, ms for each patch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patches", type=int, default=100, help="drawn for each row")
    patches = parser.parse_args().patches
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    print(
        f"{'patch':>15} {'variation':>11} {'median ms':>9} {'90 % ms':>7} {'CPU ms':>6}"
    )
    for channels, size, patch in CASES:
        pixels = rng.uniform(-1, 1, (channels, *size)).astype(np.float32)
        labels = rng.integers(1, 3, size, dtype=np.uint8)
        pair = Pair("noise", pixels, labels)
        for name, augment in KINDS.items():
            median, high, cpu = measure_ms(pair, patch, augment, patches)
            shape = f"{channels}x{patch[0]}x{patch[1]}"
            print(f"{shape:>15} {name:>11} {median:9.2f} {high:7.2f} {cpu:6.2f}")


if __name__ == "__main__":
    main()
