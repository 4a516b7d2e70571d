"""How fast the Inspect tab answers a hand, and how long the window stands still.

In a real window (Xvfb will do) with a shipped model on a drawn EM section of
512 x 512, tiles of 224 x 224:

- patch: the mouse moves over the image as fast as the window takes it; how often a
  second the learned patch is drawn at a new place, and from the move to the picture;
- drag: a fiducial is led by the mouse; from the move to the mesh and to the tile's
  prediction on the screen. Each place is new, so nothing is known beforehand. Of
  each drag the first move is also counted by itself;
- slider: the strength of the warp is changed; from the change to the prediction;
- stream: a drag that never rests, 60 moves a second: how many predictions a second
  are shown, and from the last move to the prediction of the last place.

A 10 ms timer notes the longest gap of the window's event loop in each. Times are to
the end of drawing, which without a GPU is most of it.

    .ci/display python -m benchmarks.bench_inspect [--model NAME] [--moves 40]
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# Before napari is imported: a person's settings stay out of it.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp()) / "settings.yaml")

import numpy as np

from benchmarks.inspect_hand import SIZE, InspectHand, after

PATCH_S = 5.0
STREAM_S = 5.0


def main() -> int:
    """Run it; prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="em-membrane-dtn")
    parser.add_argument("--moves", type=int, default=40)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    bench = Bench(given.model)
    rows = [
        *bench.patch(),
        *bench.drag(given.moves),
        *bench.slider(given.moves),
        *bench.stream(),
    ]
    bench.close()
    print(f"{given.model}, {os.cpu_count()} cores, load {load:.1f} before")
    print("| what | median | 95th percentile | longest | count |")
    print("|---|---:|---:|---:|---:|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    return 0


class Bench(InspectHand):
    """What is measured."""

    def patch(self) -> list[tuple[str, ...]]:
        """Lead the mouse over the image without rest."""
        with self.open("PatchSection") as section:
            moved = self.note(section, "_redraw")
            self.hover(SIZE / 2, SIZE / 2)
            self.wait(lambda: section.group.layer("patch") is not None)
            self.rest(1.0)
            begin = time.perf_counter()
            sent: list[float] = []
            moved.clear()
            for y, x in _circles():
                self.hover(y, x)
                sent.append(time.perf_counter())
                self.pump()
                if sent[-1] - begin > PATCH_S:
                    break
            seconds = time.perf_counter() - begin
            shown = [t for t in (after(self.drawn, m) for m in moved) if t]
            rate = len(set(shown)) / seconds
            took = _from_last(sent, moved, self.drawn)
            return [
                ("patch: pictures a second", f"{rate:.1f}", "", "", f"{len(shown)}"),
                _row("patch: move to picture", took),
                self._gap("patch", begin),
            ]

    def drag(self, moves: int) -> list[tuple[str, ...]]:
        """Lead fiducials, each move seen before the next."""
        with self.open("WhatIfSection"), self.open_more("WarpSection") as warp:
            bent = self.note(warp, "bend")
            looked = self.listen()
            begin = time.perf_counter()
            first, mesh, found = [], [], []
            for place in _walks(moves):
                at = self.fiducial(place.index)
                self.press(*at)
                for number in range(place.moves):
                    at = (at[0] + place.step[0], at[1] + place.step[1])
                    start = time.perf_counter()
                    self.lead(*at)
                    mesh.append(self.picture(bent, start) - start)
                    took = self.picture(looked, start) - start
                    found.append(took)
                    if number == 0:
                        first.append(took)
                self.release(*at)
                self.rest(0.2)
            return [
                _row("drag: move to mesh", mesh),
                _row("drag: move to prediction", found),
                _row("drag: first move to prediction", first),
                self._gap("drag", begin),
            ]

    def slider(self, moves: int) -> list[tuple[str, ...]]:
        """Change the strength, each change seen before the next."""
        with self.open("SeenSection") as section:
            looked = self.listen()
            begin = time.perf_counter()
            took = []
            rng = np.random.default_rng(1)
            for value in rng.permutation(np.arange(1, 150))[:moves]:
                start = time.perf_counter()
                section.slider.setValue(int(value))
                took.append(self.picture(looked, start) - start)
                self.rest(0.05)
            return [
                _row("slider: change to prediction", took),
                self._gap("slider", begin),
            ]

    def stream(self) -> list[tuple[str, ...]]:
        """Lead a fiducial without rest; the last place has to win."""
        with self.open("WhatIfSection"), self.open_more("WarpSection"):
            looked = self.listen()
            begin = time.perf_counter()
            at = self.fiducial(5)
            self.press(*at)
            end = at
            while (now := time.perf_counter() - begin) < STREAM_S:
                turn = 2 * np.pi * now
                end = (at[0] + 12 * np.sin(turn), at[1] + 12 * np.cos(turn) - 12)
                self.lead(*end)
                self.pump(1 / 60)
            count = len(looked)
            rate = count / (time.perf_counter() - begin)
            start = time.perf_counter()
            self.release(*end)
            self.wait(lambda: not self.tab.context.busy)
            last = [max(0.0, max(looked, default=start) - start)]
            found = np.array(self.fiducial(5))
            assert np.abs(found - end).max() < 0.5, "the last place did not win"
            return [
                ("stream: predictions a second", f"{rate:.1f}", "", "", f"{count}"),
                _row("stream: last move to prediction", last),
                self._gap("stream", begin),
            ]

    def _gap(self, name: str, begin: float) -> tuple[str, ...]:
        """Return the gaps of the event loop since `begin`."""
        times = [begin, *(t for t in self.gaps.times if t > begin)]
        return _row(
            f"{name}: gap of the event loop",
            [b - a for a, b in itertools.pairwise(times)],
        )


class Walk:
    """A drag: which fiducial, how far each move, how many moves."""

    def __init__(self, index: int, step: tuple[float, float], moves: int) -> None:
        self.index, self.step, self.moves = index, step, moves


def _walks(moves: int, each: int = 5) -> Iterator[Walk]:
    """Return drags of the inner fiducials of a lattice of four by four."""
    rng = np.random.default_rng(0)
    for number in range(0, moves, each):
        # A pixel at least: the mouse knows no smaller step, and one that is none
        # changes nothing.
        y, x = rng.uniform(1, 2, 2) * rng.choice((-1, 1), 2)
        yield Walk((5, 6, 9, 10)[number // each % 4], (float(y), float(x)), each)


def _circles() -> Iterator[tuple[float, float]]:
    """Return places all over the image, near one another."""
    for number in range(100_000):
        turn = number / 15
        radius = SIZE * (0.1 + 0.3 * ((number % 400) / 400))
        yield SIZE / 2 + radius * np.sin(turn), SIZE / 2 + radius * np.cos(turn)


def _from_last(
    sent: list[float], moved: list[float], drawn: list[float]
) -> list[float]:
    """Return how long after the newest move before a change it was on the screen."""
    took = []
    for change in moved:
        before = [t for t in sent if t <= change]
        picture = next((t for t in drawn if t > change), 0.0)
        if before and picture:
            took.append(picture - before[-1])
    return took


def _row(name: str, seconds: list[float]) -> tuple[str, ...]:
    ms = sorted(1e3 * s for s in seconds)
    late = ms[min(len(ms) - 1, int(0.95 * len(ms)))]
    return (
        f"{name}, ms",
        f"{statistics.median(ms):.0f}",
        f"{late:.0f}",
        f"{ms[-1]:.0f}",
        f"{len(ms)}",
    )


if __name__ == "__main__":
    sys.exit(main())
