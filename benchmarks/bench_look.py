"""What a what-if costs without a window: one tile of a shipped model, edited.

Each time another fiducial of the tile is put elsewhere, so that nothing is known
beforehand but what lies above the transformer. `look` is all of it: edit, network,
probability in the image's pixels, warps. `afresh` forgets what was kept above the
transformer; `slider` changes the strength of the warp; `rewarp` and `warped image`
need no network. Wall time, and the CPU time of all threads, which a busy machine
disturbs less: medians and 95th percentiles.

    python -m benchmarks.bench_look [--model em-membrane-dtn] [--runs 40] [--threads 0]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.data import read_image
from dense_transformer.inspection import (
    Inspector,
    features,
    move_fiducial,
    rewarp,
    warped_image,
)
from dense_transformer.types import WarpEdit
from dense_transformer.zoo import load_model

IMAGE = Path(__file__).parents[1] / "sample_data" / "em" / "images" / "00.tif"


def main() -> None:
    """Print a table of milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="em-membrane-dtn")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    bench = Bench(given.model, given.threads)
    print(f"{given.model}, tile of {bench.size} px, load {load:.1f} before")
    print(f"{'':14}{'wall ms':>9}{'95 %':>8}{'CPU ms':>9}{'95 %':>8}")
    for name in ("look", "afresh", "slider", "rewarp", "warped_image", "features"):
        wall, cpu = measure(getattr(bench, name), given.runs)
        cells = [*np.percentile(wall, [50, 95]), *np.percentile(cpu, [50, 95])]
        words = "".join(
            f"{1e3 * v:{9 if i % 2 == 0 else 8}.1f}" for i, v in enumerate(cells)
        )
        print(f"{name.replace('_', ' '):14}{words}")


def measure(
    work: Callable[[int], object], runs: int
) -> tuple[list[float], list[float]]:
    """Return wall and CPU seconds of each run, after three to warm up."""
    wall, cpu = [], []
    for index in range(-3, runs):
        start, used = time.perf_counter(), time.process_time()
        work(index)
        if index >= 0:
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - used)
    return wall, cpu


class Bench:
    """The tile in the middle of the sample, and what is done to it."""

    def __init__(self, model: str, threads: int) -> None:
        config = PredictConfig(device="cpu", threads=threads)
        self.inspector = Inspector(load_model(model), read_image(IMAGE), config)
        self.tile = len(self.inspector.tiles) // 2
        (self.warp,) = self.inspector.look(self.tile).warps
        self.pixels = self.inspector.pixels(self.tile)
        self.size = " x ".join(map(str, self.pixels.shape))
        self._rng = np.random.default_rng(0)

    def edit(self, index: int) -> WarpEdit:
        """Return a fiducial's new place, another each time."""
        index %= len(self.warp.fiducials)
        px = self.warp.to_image_px(self.warp.fiducials)[index]
        place = px + self._rng.normal(0, 4, 2)
        return move_fiducial(self.warp, index, (float(place[0]), float(place[1])))

    def look(self, index: int) -> object:
        """Edit and look."""
        return self.inspector.look(self.tile, (self.edit(index),))

    def afresh(self, index: int) -> object:
        """Edit and look, with nothing kept."""
        self.inspector.forget()
        return self.look(index)

    def slider(self, index: int) -> object:
        """Look at another strength."""
        strength = float(self._rng.uniform(0, 1.5))
        return self.inspector.look(self.tile, (WarpEdit(self.warp.level, strength),))

    def rewarp(self, index: int) -> object:
        """Make mesh, fiducials and coverage anew."""
        return rewarp(self.warp, self.edit(index))

    def warped_image(self, index: int) -> object:
        """Draw the tile as the network sees it."""
        return warped_image(self.warp, self.pixels, strength=index / 20)

    def features(self, index: int) -> object:
        """Draw the features at all four stages."""
        return features(self.inspector, self.tile)


if __name__ == "__main__":
    main()
