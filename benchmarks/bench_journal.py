"""What it costs to keep annotations: strokes, reading again, writing anew, undo.

    python benchmarks/bench_journal.py [--strokes 8000] [--sections 500] [--side 8192]

CPU seconds count; the wall time of a stroke includes whatever else the machine does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dense_transformer.teaching import Journal, count

CLASSES = ("inside", "boundary")


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def paint_strokes(journal: Journal, strokes: int) -> list[float]:
    """Paint strokes anywhere; return the wall time of each, s."""
    rng = np.random.default_rng(0)
    depth, height, width = journal.shape
    walls = []
    for number in range(strokes):
        section, top, left = rng.integers((depth, height - 60, width - 60)).tolist()
        box = np.zeros((60, 60), np.uint8)
        box[20:24] = 1 + number % 2
        start = time.perf_counter()
        journal.paint(section, top, left, None, box)
        walls.append(time.perf_counter() - start)
    return walls


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strokes", type=int, default=8000)
    parser.add_argument("--sections", type=int, default=500)
    parser.add_argument("--side", type=int, default=8192)
    asked = parser.parse_args()
    shape = (asked.sections, asked.side, asked.side)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.journal"
        journal = Journal(path, shape, CLASSES)
        start = time.process_time()
        walls = np.array(paint_strokes(journal, asked.strokes))
        each = (time.process_time() - start) / asked.strokes
        middle, late = 1000 * np.quantile(walls, [0.5, 0.99])
        print(
            f"a stroke: {1000 * each:.3f} ms CPU; wall {middle:.3f}, p99 {late:.2f} ms"
        )
        print(f"file: {path.stat().st_size} bytes after {asked.strokes} strokes")
        print(f"freeze: {1000 * cpu_s(journal.annotations):.2f} ms CPU")
        print(f"count places: {cpu_s(lambda: count(journal.annotations())):.2f} s CPU")
        reading = cpu_s(lambda: Journal(path, shape, CLASSES, write=False))
        print(f"read again: {reading:.2f} s CPU")
        print(f"write anew: {cpu_s(journal.compact):.2f} s CPU")
        full = np.ones(shape[1:], np.uint8)
        fill = cpu_s(lambda: journal.paint(0, 0, 0, None, full))
        print(f"fill a section: {fill:.2f} s CPU; undo {cpu_s(journal.undo):.2f} s")
        journal.close()


if __name__ == "__main__":
    main()
