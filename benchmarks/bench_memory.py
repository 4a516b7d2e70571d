"""Peak memory of predicting a huge image straight into files.

A process of its own predicts a uint8 TIFF of noise that is mapped, not read, and
writes its result as uint8. Watched every 10 ms: the resident memory, and of it the
part that is no mapped file (the pages of mapped files belong to the input and the
result and are the first that the system takes back). 'Above' is the peak of all
resident memory less input and result; 'own' the peak without mapped files. Both
hold Python, torch and the network.

The network is a real one of few channels, so that 9,604 tiles take minutes.

    python -m benchmarks.bench_memory [--size 16384] [--base 2] [--threads 0]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

MIB = 2**20


def main() -> None:
    """Print what was measured, in MiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=16384)
    parser.add_argument("--base", type=int, default=2, help="base channels")
    parser.add_argument("--model", default="", help="a model instead of a new network")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch has it")
    parser.add_argument("--folder", help="where to write; a temporary one if not given")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(predict_and_watch(Path(given.child), given)))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        make_image(Path(folder) / "image.tif", given.size)
        options = [
            f"--{k}={getattr(given, k)}" for k in ("size", "base", "threads", "model")
        ]
        command = [sys.executable, "-m", "benchmarks.bench_memory", *options]
        done = subprocess.run(
            [*command, "--child", folder], stdout=subprocess.PIPE, text=True, check=True
        )
    found = json.loads(done.stdout)
    for name, value in found.items():
        print(f"{name:34} {value}")


def make_image(path: Path, size: int) -> None:
    """Write a TIFF of noise, some rows at a time."""
    import numpy as np
    import tifffile

    pixels = tifffile.memmap(path, shape=(size, size), dtype=np.uint8)
    rng = np.random.default_rng(0)
    for top in range(0, size, 256):
        rows = pixels[top : top + 256]
        rows[:] = rng.integers(0, 256, rows.shape, dtype=np.uint8)
    pixels.flush()


def predict_and_watch(folder: Path, given: argparse.Namespace) -> dict[str, object]:
    """Return the figures of one prediction."""
    from benchmarks.bench_predict import make_model
    from dense_transformer.config import PredictConfig, TransformerConfig
    from dense_transformer.data import read_image
    from dense_transformer.inference import predict_to_files
    from dense_transformer.work import finish
    from dense_transformer.zoo import load_model

    if given.model:
        model = load_model(given.model)
    else:
        model = make_model(given.base, (TransformerConfig(level=4),))
    image = read_image(folder / "image.tif")
    config = PredictConfig(device="cpu", dtype="uint8", threads=given.threads)
    before = resident()
    tiles: list[int] = []
    with Watch() as watch:
        start = time.perf_counter(), time.process_time()
        work = predict_to_files(model, image, config, out=folder)
        result, files = finish(work, lambda progress: tiles.append(progress.total))
        took = time.perf_counter() - start[0], time.process_time() - start[1]
    given_bytes = given.size**2
    maps = result.probability.nbytes + result.labels.nbytes
    levels = sum(m.coverage.nbytes + m.displacement_px.nbytes for m in result.levels)
    warps = sum(w.points.nbytes + w.coverage.nbytes for w in result.warps)
    return {
        "image": f"{given.size} x {given.size} uint8",
        "device": result.device,
        "base channels": model.config.base_channels,
        "tiles": tiles[-1],
        "seconds": round(took[0]),
        "CPU seconds": round(took[1]),
        "files written": len(files),
        "input, MiB": given_bytes // MIB,
        "probability and labels, MiB": maps // MIB,
        "coverage and displacement, MiB": levels // MIB,
        "warps of the tiles, MiB": warps // MIB,
        "resident before, MiB": before["VmRSS"] // MIB,
        "peak resident, MiB": watch.most["VmRSS"] // MIB,
        "peak own, MiB": watch.most["RssAnon"] // MIB,
        "peak above input and result, MiB": (
            watch.most["VmRSS"] - given_bytes - maps - levels - warps
        )
        // MIB,
        "the same, own memory only, MiB": (watch.most["RssAnon"] - levels - warps)
        // MIB,
    }


class Watch:
    """Notes the most memory of this process while a block runs."""

    def __init__(self) -> None:
        self.most = {"VmRSS": 0, "RssAnon": 0}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.01):
            for name, value in resident().items():
                self.most[name] = max(self.most.get(name, 0), value)


def resident() -> dict[str, int]:
    """Return the resident bytes of this process, by kind (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    pairs = (line.split(":") for line in lines if line.startswith(("VmRSS", "Rss")))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


if __name__ == "__main__":
    main()
