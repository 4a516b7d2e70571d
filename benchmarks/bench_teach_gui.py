"""The window while a model is taught: gaps of its event loop, and the price of it.

A project with three annotated patches on a drawn EM section is taught twice with the
same settings: from a terminal, as napari starts it but without napari; and by the
Teach button of a real window (Xvfb will do), with the live prediction of what is on
screen and its warps, while the view is moved every few seconds. In some of the runs a
10 ms timer of the window notes when it fires; a gap is the time between two firings.
That timer takes some of the processor itself, so step rates are those of runs without
it: steps between the first and the last scores of a run over the time between the
files that it wrote then, which takes nothing to measure. Which of a pair runs first
alternates.

    .ci/display python -m benchmarks.bench_teach_gui [--runs 8] [--gaps 3] [--steps 160]
"""

from __future__ import annotations

import argparse
import json
import os
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
LOOK_MS = 500  # between two looks at whether the run has ended
PHASES = ("idle", "beginning", "taught")  # of a run: to step 3, and from there


def main() -> int:
    """Run it; prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--gaps", type=int, default=3, help="runs to measure gaps in")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--once", metavar="PROJECT", help=argparse.SUPPRESS)
    parser.add_argument("--clocks", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        found = taught_in_window(Path(given.once), given.steps, clocks=given.clocks)
        print(json.dumps(found))
        return 0
    rates, gaps = [], []
    for index in range(given.runs):
        rates.append(one_pair(given.steps, window_first=index % 2 == 1))
        print(json.dumps(rates[-1]), file=sys.stderr)
    for _ in range(given.gaps):
        with tempfile.TemporaryDirectory() as folder:
            gaps.append(in_window(Path(folder), given.steps, clocks=True))
        print(json.dumps(gaps[-1]), file=sys.stderr)
    if given.json:
        print(json.dumps({"rates": rates, "gaps": gaps}, indent=1))
    report(rates, gaps, given.steps)
    return 0


def one_pair(steps: int, *, window_first: bool) -> dict[str, float]:
    """Return the steps per second alone and in the window, each in a fresh project."""
    found = {}
    for name in ("rate", "alone") if window_first else ("alone", "rate"):
        with tempfile.TemporaryDirectory() as folder:
            if name == "alone":
                found[name] = taught_alone(make_project(Path(folder)), steps)
            else:
                found[name] = in_window(Path(folder), steps, clocks=False)["rate"]
    return {**found, "load": os.getloadavg()[0]}


def in_window(folder: Path, steps: int, *, clocks: bool) -> dict[str, Any]:
    """Return the figures of a run that a window of its own process shows."""
    command = [sys.executable, "-m", "benchmarks.bench_teach_gui", "--once"]
    command += [str(make_project(folder)), "--steps", str(steps)]
    done = subprocess.run(
        [*command, *(["--clocks"] if clocks else [])],
        stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "NAPARI_CONFIG": str(folder / "napari.yaml")},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


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
    subprocess.run(
        [*command, "--steps", str(steps)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return step_rate(project / "runs" / "0001")


def step_rate(run: Path) -> float:
    """Return steps per second from a run's first scores after a step to its last."""
    scored = sorted((run / "previews").glob("*.npz"))
    assert len(scored) > 2, "too few steps: a run is scored every 20"
    first, last = scored[1], scored[-1]  # [0]: before a step
    seconds = last.stat().st_mtime - first.stat().st_mtime
    return (int(last.stem) - int(first.stem)) / seconds


def taught_in_window(project: Path, steps: int, *, clocks: bool) -> dict[str, Any]:
    """Return step rate, and gaps if `clocks` tick, of a run that a window shows."""
    import napari
    from qtpy.QtCore import QEventLoop, QTimer

    from napari_dtn.commands import open_dock

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    viewer.open(str(project.parent / "tissue.tif"), scale=(4.6, 4.6))

    def wait(done: Any, seconds: float = 300, every_ms: int = 20) -> None:
        end = time.monotonic() + seconds
        loop, poll = QEventLoop(), QTimer()
        poll.timeout.connect(
            lambda: loop.quit() if done() or time.monotonic() > end else None
        )
        poll.start(every_ms)
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
    gaps = Gaps() if clocks else None
    begin = time.perf_counter()
    rest(2.0)
    figures: dict[str, Any] = {} if gaps is None else {"idle": gaps.since(begin)}
    section = sections["RunSection"]
    teaching = section.teaching
    section.settings.form.set_values({"steps": steps})
    section.warps.setChecked(True)
    moves = iter(range(10**6))
    mover = QTimer()
    mover.timeout.connect(lambda: _move(viewer, next(moves)))
    begin = time.perf_counter()
    section.buttons.teach.click()
    wait(lambda: teaching.run is not None)
    wait(lambda: teaching.news is not None and teaching.news.report.step >= SKIPPED)
    if gaps is not None:
        figures["beginning"] = gaps.since(begin)
    mover.start(MOVE_MS)
    begin = time.perf_counter()
    wait(lambda: not teaching.alive, every_ms=LOOK_MS)
    if gaps is not None:
        figures["taught"] = gaps.since(begin)
        figures["trace"] = gaps.trace(60)
    figures["rate"] = step_rate(teaching.run)
    figures["state"] = teaching.news.state
    figures["views"] = len(list(teaching.run.glob("view-*.npz")))
    viewer.close()
    return figures


def _move(viewer: Any, count: int) -> None:
    """Look elsewhere, as a person would."""
    centre = 2355.0 + 900 * ((count % 3) - 1)
    viewer.scene.camera.center = (0.0, centre, 4710.0 - centre)
    viewer.scene.camera.zoom = 0.3


def report(
    rates: list[dict[str, float]], gaps: list[dict[str, Any]], steps: int
) -> None:
    """Print the tables."""
    load = max((pair["load"] for pair in rates), default=0.0)
    print(f"runs of {steps} steps, {os.cpu_count()} cores, load {load:.1f}")
    if gaps:
        print(f"\n{len(gaps)} runs:")
        print("| phase | longest, ms | 99th percentile, ms | median, ms |")
        print("|---|---:|---:|---:|")
        for phase in PHASES:
            cells = [
                _spread([run[phase][key] for run in gaps])
                for key in ("longest", "p99", "median")
            ]
            print(f"| {phase} | {' | '.join(cells)} |")
    if rates:
        ratio = [pair["rate"] / pair["alone"] for pair in rates]
        print(f"\n{len(rates)} pairs:")
        print("| steps per second in the window | alone | ratio |")
        print("|---:|---:|---:|")
        alone, rate = ([pair[key] for pair in rates] for key in ("alone", "rate"))
        print(f"| {_spread(rate, 3)} | {_spread(alone, 3)} | {_spread(ratio, 2)} |")


def _spread(values: list[float], digits: int = 1) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    sys.exit(main())
