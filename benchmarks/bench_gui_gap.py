"""The longest gaps of the window's event loop while it predicts.

A 10 ms timer of the window notes when it fires; a gap is the time between two
firings. Each run is a process of its own with a real window (Xvfb will do):
open napari, an image of 1024 x 1024 and the dock, press Run, wait until all
layers are there and drawn. Measured from the press to the last layer ('run'),
and from opening the dock to the end of its look for models ('open'), which
imports torch.

    .ci/display python -m benchmarks.bench_gui_gap [--runs 5] [--model NAME]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time

PERIOD_MS = 10
LONG_MS = 30
PHASES = ("idle", "open", "run", "of it: prediction", "again")
SIZE = 1024


def main() -> int:
    """Run it; prints a table and, with --json, the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="em-membrane-dtn")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trace", action="store_true", help="Say when long gaps fell.")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(measure(given.model)))
        return 0
    runs = []
    for _ in range(given.runs):
        command = [sys.executable, "-m", "benchmarks.bench_gui_gap", "--once"]
        done = subprocess.run(
            [*command, "--model", given.model],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        runs.append(json.loads(done.stdout.strip().splitlines()[-1]))
        if given.trace:
            print(json.dumps(runs[-1]["trace"]), file=sys.stderr)
    if given.json:
        print(json.dumps(runs, indent=1))
    print(f"{given.runs} runs, {os.cpu_count()} cores, load {runs[0]['load']:.1f}")
    print(
        "| phase | longest, ms | 99th percentile, ms | median, ms | "
        f"over {LONG_MS} ms | seconds |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for phase in PHASES:
        rows = [r[phase] for r in runs]
        shown = " | ".join(
            _spread([row[key] for row in rows])
            for key in ("longest", "p99", "median", "over", "s")
        )
        print(f"| {phase} | {shown} |")
    return 0


def _spread(values: list[float]) -> str:
    middle = statistics.median(values)
    return f"{middle:.1f} ({min(values):.1f} to {max(values):.1f})"


class Gaps:
    """Notes when a timer of the window fires."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.times: list[float] = []
        self.marks: list[tuple[float, str]] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.times.append(time.perf_counter()))
        self._timer.start(PERIOD_MS)

    def mark(self, text: str) -> None:
        """Note what happens now."""
        self.marks.append((time.perf_counter(), text))

    def since(self, begin: float) -> dict[str, float]:
        """Return the figures from `begin` to now, ms."""
        times = [begin, *(t for t in self.times if t > begin), time.perf_counter()]
        gaps = sorted(1e3 * (b - a) for a, b in itertools.pairwise(times))
        return {
            "longest": gaps[-1],
            "p99": gaps[int(0.99 * (len(gaps) - 1))],
            "median": statistics.median(gaps),
            "over": sum(gap > LONG_MS for gap in gaps),
            "s": times[-1] - begin,
        }

    def trace(self, least_ms: float = 28) -> list[tuple[float, str]]:
        """Return the long gaps and the last mark before the end of each."""
        found = []
        for a, b in itertools.pairwise(self.times):
            if 1e3 * (b - a) >= least_ms:
                text = [m for t, m in self.marks if t <= b]
                found.append((round(1e3 * (b - a), 1), text[-1] if text else ""))
        return found


def measure(model: str) -> dict[str, object]:
    """Return the gaps of one session."""
    import napari
    import numpy as np
    from qtpy.QtCore import QEventLoop, QTimer

    from napari_dtn.commands import open_dock

    load = os.getloadavg()[0]
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    layer = viewer.add_image(_image(np), name="image")

    def wait(done: object, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        loop, poll = QEventLoop(), QTimer()

        def look() -> None:
            if done() or time.monotonic() > end:  # type: ignore[operator]
                loop.quit()

        poll.timeout.connect(look)
        poll.start(20)
        loop.exec()
        poll.stop()

    def rest(seconds: float) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)

    rest(1.0)
    gaps = Gaps()
    figures: dict[str, object] = {"load": load}
    begin = time.perf_counter()
    rest(1.0)
    figures["idle"] = gaps.since(begin)
    begin = time.perf_counter()
    gaps.mark("open")
    tab = open_dock(viewer).predict
    gaps.mark("opened")
    tab.prefer_model(model)
    wait(lambda: tab.models.model() is not None)
    rest(0.3)
    figures["open"] = gaps.since(begin)
    viewer.layers.events.inserted.connect(lambda e: gaps.mark(e.value.name))
    tab.runner.progressed.connect(lambda p: gaps.mark(f"{p.done} of {p.total}"))
    tab.runner.succeeded.connect(lambda j, r: gaps.mark("succeeded"))
    predicted: list[dict[str, float]] = []
    tab.runner.succeeded.connect(lambda j, r: predicted.append(gaps.since(begin)))
    for phase in ("run", "again"):
        finished: list[bool] = []
        tab.shown.connect(lambda f=finished: f.append(True))
        begin = time.perf_counter()
        gaps.mark(phase)
        tab.bar.run.click()
        wait(lambda f=finished: bool(f))
        gaps.mark("shown")
        rest(0.5)
        figures[phase] = gaps.since(begin)
    figures["of it: prediction"] = predicted[0]
    figures["trace"] = gaps.trace()
    assert layer in viewer.layers
    assert len(viewer.layers) > 2, "nothing was predicted"
    viewer.close()
    return figures


def _image(np: object) -> object:
    """Return noise; the time does not depend on what the image shows."""
    rng = np.random.default_rng(0)  # type: ignore[attr-defined]
    return rng.integers(0, 256, (SIZE, SIZE), np.uint8)  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
