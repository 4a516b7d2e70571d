"""The window while a model is taught: gaps of its event loop, and the price of it.

A project with three annotated patches on a drawn EM section is taught twice with the
same settings: from a terminal, as napari starts it but without napari; and by the
Teach button of a real window (Xvfb will do), with the live prediction of what is on
screen and its warps, while the view is moved every few seconds. A 10 ms timer of the
window notes when it fires; a gap is the time between two firings. Step rates are
those between the first step after the probe and the last, as the run's record grows.

    .ci/display python -m benchmarks.bench_teach_gui [--runs 3] [--steps 60]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_gui_gap import Gaps

MOVE_MS = 4000  # between two moves of the view
SKIPPED = 3  # first steps: the probe and what the window does at its beginning
PHASES = ("idle", "taught")


def main() -> int:
    """Run it; prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--once", metavar="PROJECT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(taught_in_window(Path(given.once), given.steps)))
        return 0
    rows = []
    for _ in range(given.runs):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(one_run(Path(folder), given.steps))
    if given.json:
        print(json.dumps(rows, indent=1))
    report(rows, given.steps)
    return 0


def one_run(folder: Path, steps: int) -> dict[str, Any]:
    """Return the figures of one pair of runs, each in a fresh project."""
    project = make_project(folder)
    twin = folder / "twin"
    shutil.copytree(project, twin / project.name)
    shutil.copy(folder / "tissue.tif", twin / "tissue.tif")
    alone = taught_alone(twin / project.name, steps)
    command = [sys.executable, "-m", "benchmarks.bench_teach_gui", "--once"]
    done = subprocess.run(
        [*command, str(project), "--steps", str(steps)],
        stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "NAPARI_CONFIG": str(folder / "napari.yaml")},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {**found, "alone": alone, "load": os.getloadavg()[0]}


def make_project(folder: Path) -> Path:
    """Return a project with three annotated patches on a drawn section."""
    import numpy as np
    import tifffile

    from dense_transformer.data.synthesis import em_stack
    from dense_transformer.teaching import Patch, Project

    scene = em_stack(5, 1, (1024, 1024))
    labels = scene.labels[0]
    tifffile.imwrite(folder / "tissue.tif", 255 - scene.pixels[0])
    project = folder / "tissue-teach"
    with Project.create(project, "em-membrane-dtn") as made:
        made.add_image("tissue", folder / "tissue.tif", (4.6, 4.6))
        journal = made.journal("tissue")
        for top, left in ((40, 60), (400, 420), (700, 120)):
            box = np.s_[top : top + 224, left : left + 224]
            journal.paint(0, top, left, np.zeros((224, 224), np.uint8), labels[box])
            journal.add_patch(Patch(0, top, left, top + 224, left + 224))
    return project


def taught_alone(project: Path, steps: int) -> float:
    """Return the steps per second of a run that no window looks at."""
    command = [sys.executable, "-m", "dense_transformer", "teach", str(project)]
    process = subprocess.Popen(
        [*command, "--steps", str(steps)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    rate = StepRate(project / "runs" / "0001")
    while process.poll() is None:
        rate.look()
        time.sleep(0.02)
    assert process.returncode == 0, "the run failed"
    return rate.per_second()


class StepRate:
    """Notes when a run takes its steps."""

    def __init__(self, run: Path) -> None:
        from napari_dtn.teach_run_tail import EventTail

        self._tail = EventTail(run / "events.jsonl")
        self._times: dict[int, float] = {}

    def look(self) -> None:
        """Note the steps since the last look."""
        now = time.perf_counter()
        for event in self._tail.read():
            if event["event"] == "step":
                self._times.setdefault(event["step"], now)

    def per_second(self) -> float:
        """Return steps per second, the first few left out."""
        steps = [(n, t) for n, t in self._times.items() if n > SKIPPED]
        (first, began), (last, ended) = steps[0], steps[-1]
        return (last - first) / (ended - began)


def taught_in_window(project: Path, steps: int) -> dict[str, Any]:
    """Return gaps and step rate of a run that a window shows."""
    import napari
    from qtpy.QtCore import QEventLoop, QTimer

    from napari_dtn.commands import open_dock

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    viewer.open(str(project.parent / "tissue.tif"), scale=(4.6, 4.6))

    def wait(done: Any, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        loop, poll = QEventLoop(), QTimer()
        poll.timeout.connect(
            lambda: loop.quit() if done() or time.monotonic() > end else None
        )
        poll.start(20)
        loop.exec()
        poll.stop()
        assert done(), "it took too long"

    def rest(seconds: float) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)

    dock = open_dock(viewer)
    wait(lambda: dock.predict.models.model() is not None)
    dock.tabs.setCurrentIndex(2)
    sections = {type(s).__name__: s for s in dock.teach.sections}
    folds = {type(f.section).__name__: f for f in dock.teach.folds}
    folds["AnnotateSection"].expand()
    wait(lambda: sections["AnnotateSection"].start.isEnabled())
    sections["AnnotateSection"].start.click()
    wait(lambda: dock.teach.context.image is not None)
    folds["RunSection"].expand()
    rest(2.0)
    gaps = Gaps()
    begin = time.perf_counter()
    rest(2.0)
    figures: dict[str, Any] = {"idle": gaps.since(begin)}
    section = sections["RunSection"]
    teaching = section.teaching
    section.settings.form.set_values({"steps": steps})
    section.warps.setChecked(True)
    moves = iter(range(10**6))
    mover = QTimer()
    mover.timeout.connect(lambda: _move(viewer, next(moves)))
    section.buttons.teach.click()
    wait(lambda: teaching.run is not None)
    rate = StepRate(teaching.run)
    looker = QTimer()
    looker.timeout.connect(rate.look)
    looker.start(20)
    wait(lambda: teaching.news is not None and teaching.news.report.step >= SKIPPED)
    mover.start(MOVE_MS)
    begin = time.perf_counter()
    wait(lambda: not teaching.alive)
    figures["taught"] = gaps.since(begin)
    figures["trace"] = gaps.trace(60)
    figures["rate"] = rate.per_second()
    figures["state"] = teaching.news.state
    figures["views"] = len(list(teaching.run.glob("view-*.npz")))
    viewer.close()
    return figures


def _move(viewer: Any, count: int) -> None:
    """Look elsewhere, as a person would."""
    centre = 2355.0 + 900 * ((count % 3) - 1)
    viewer.scene.camera.center = (0.0, centre, 4710.0 - centre)
    viewer.scene.camera.zoom = 0.3


def report(rows: list[dict[str, Any]], steps: int) -> None:
    """Print the tables."""
    load = max(row["load"] for row in rows)
    print(f"{len(rows)} runs of {steps} steps, {os.cpu_count()} cores, load {load:.1f}")
    print("| phase | longest, ms | 99th percentile, ms | median, ms |")
    print("|---|---:|---:|---:|")
    for phase in PHASES:
        cells = [
            _spread([row[phase][key] for row in rows])
            for key in ("longest", "p99", "median")
        ]
        print(f"| {phase} | {' | '.join(cells)} |")
    ratio = [row["rate"] / row["alone"] for row in rows]
    print()
    print("| steps per second in the window | alone | ratio |")
    print("|---:|---:|---:|")
    alone, rate = ([row[key] for row in rows] for key in ("alone", "rate"))
    print(f"| {_spread(rate, 3)} | {_spread(alone, 3)} | {_spread(ratio, 2)} |")


def _spread(values: list[float], digits: int = 1) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    sys.exit(main())
