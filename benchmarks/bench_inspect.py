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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Before napari is imported: a person's settings stay out of it.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp()) / "settings.yaml")

import numpy as np

from benchmarks.bench_gui_gap import Gaps

SIZE = 512
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


class Bench:
    """A window with the Inspect tab open on an image, and a hand."""

    def __init__(self, model: str) -> None:
        import napari

        from napari_dtn.dock import DenseTransformerDock

        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(1500, 950)
        self.layer = self.viewer.add_image(_section(), name="section")
        self.dock = DenseTransformerDock(self.viewer)
        self.viewer.window.add_dock_widget(self.dock, area="right")
        tab = self.dock.predict
        self.wait(lambda: tab.models.model() is not None)
        tab.prefer_model(model)
        self.viewer.reset_view()
        self.dock.tabs.setCurrentIndex(1)
        self.tab = self.dock.inspect
        self.context = self.tab.context
        self.wait(lambda: self.context.look is not None)
        for fold in self.tab.folds:
            fold.collapse()
        self.rest(1.0)
        self.gaps = Gaps()
        self.drawn: list[float] = []
        canvas = self.viewer.window._qt_viewer.canvas
        canvas._scene_canvas.events.draw.connect(self._drew, position="last")

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()

    # what is measured

    def patch(self) -> list[tuple[str, ...]]:
        """Lead the mouse over the image without rest."""
        with self._open("PatchSection") as section:
            moved = self._note(section, "_redraw")
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
            shown = [t for t in (_after(self.drawn, m) for m in moved) if t]
            rate = len(set(shown)) / seconds
            took = _from_last(sent, moved, self.drawn)
            return [
                ("patch: pictures a second", f"{rate:.1f}", "", "", f"{len(shown)}"),
                _row("patch: move to picture", took),
                self._gap("patch", begin),
            ]

    def drag(self, moves: int) -> list[tuple[str, ...]]:
        """Lead fiducials, each move seen before the next."""
        with self._open("WhatIfSection"), self._open_more("WarpSection") as warp:
            bent = self._note(warp, "bend")
            looked = self._listen()
            begin = time.perf_counter()
            first, mesh, found = [], [], []
            for place in _walks(moves):
                at = self._fiducial(place.index)
                self.press(*at)
                for number in range(place.moves):
                    at = (at[0] + place.step[0], at[1] + place.step[1])
                    start = time.perf_counter()
                    self.lead(*at)
                    mesh.append(self._picture(bent, start) - start)
                    took = self._picture(looked, start) - start
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
        with self._open("SeenSection") as section:
            looked = self._listen()
            begin = time.perf_counter()
            took = []
            rng = np.random.default_rng(1)
            for value in rng.permutation(np.arange(1, 150))[:moves]:
                start = time.perf_counter()
                section.slider.setValue(int(value))
                took.append(self._picture(looked, start) - start)
                self.rest(0.05)
            return [
                _row("slider: change to prediction", took),
                self._gap("slider", begin),
            ]

    def stream(self) -> list[tuple[str, ...]]:
        """Lead a fiducial without rest; the last place has to win."""
        with self._open("WhatIfSection"), self._open_more("WarpSection"):
            looked = self._listen()
            begin = time.perf_counter()
            at = self._fiducial(5)
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
            found = np.array(self._fiducial(5))
            assert np.abs(found - end).max() < 0.5, "the last place did not win"
            return [
                ("stream: predictions a second", f"{rate:.1f}", "", "", f"{count}"),
                _row("stream: last move to prediction", last),
                self._gap("stream", begin),
            ]

    # the hand

    def hover(self, y: float, x: float) -> None:
        """Move the mouse to a pixel."""
        self._send("MouseMove", y, x, held=False)

    def press(self, y: float, x: float) -> None:
        """Press the left button."""
        self.hover(y, x)
        self._send("MouseButtonPress", y, x)

    def lead(self, y: float, x: float) -> None:
        """Move with the button held."""
        self._send("MouseMove", y, x)

    def release(self, y: float, x: float) -> None:
        """Let the button go."""
        self._send("MouseButtonRelease", y, x, held=False)

    def _send(self, kind: str, y: float, x: float, held: bool = True) -> None:
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        canvas = self.viewer.window._qt_viewer.canvas
        left, top = canvas.view.scene.transform.map([x, y, 0, 1])[:2]
        at, native = QPointF(float(left), float(top)), canvas.native
        none, button = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        moves = kind == "MouseMove"
        event = QMouseEvent(
            getattr(QEvent.Type, kind), at, native.mapToGlobal(at),
            none if moves else button, button if held else none,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(native, event)

    # the clock

    def pump(self, seconds: float = 0.0) -> None:
        """Let the window work for a while, at least once."""
        from qtpy.QtWidgets import QApplication

        end = time.perf_counter() + seconds
        QApplication.processEvents()
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.0005)

    def wait(self, done: Callable[[], object], seconds: float = 120) -> None:
        """Let the window work until something is so."""
        end = time.perf_counter() + seconds
        while not done():
            assert time.perf_counter() < end, "it takes too long"
            self.pump(0.001)

    def rest(self, seconds: float) -> None:
        """Let the window work for a while."""
        self.pump(seconds)

    def _picture(self, changes: list[float], start: float) -> float:
        """Return when the first change after `start` was on the screen."""
        self.wait(lambda: _after(changes, start))
        change = _after(changes, start)
        self.wait(lambda: _after(self.drawn, change))
        return _after(self.drawn, change)

    def _drew(self, event: object) -> None:
        self.drawn.append(time.perf_counter())

    def _listen(self) -> list[float]:
        """Return a list of the times at which a prediction was shown."""
        times: list[float] = []
        self.context.looked.connect(lambda: times.append(time.perf_counter()))
        return times

    def _note(self, section: Any, name: str) -> list[float]:
        """Return a list of the times at which a method of a section ended."""
        times: list[float] = []
        method = getattr(section, name)

        def noted(*arguments: object) -> None:
            method(*arguments)
            times.append(time.perf_counter())

        setattr(section, name, noted)
        return times

    def _fiducial(self, index: int) -> tuple[float, float]:
        y, x = self.context.chain.fiducials_px(self.context.level)[index]
        return float(y), float(x)

    @contextmanager
    def _open(self, name: str) -> Iterator[Any]:
        with self._open_more(name) as section:
            self.rest(0.5)
            self.wait(lambda: not self.context.busy)
            yield section

    @contextmanager
    def _open_more(self, name: str) -> Iterator[Any]:
        fold = next(f for f in self.tab.folds if type(f.section).__name__ == name)
        fold.expand()
        self.rest(0.5)
        self.wait(lambda: not self.context.busy)
        yield fold.section
        fold.collapse()
        self.rest(0.5)
        self.wait(lambda: not self.context.busy)

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
        y, x = rng.uniform(-2, 2, 2)
        yield Walk((5, 6, 9, 10)[number // each % 4], (float(y), float(x)), each)


def _circles() -> Iterator[tuple[float, float]]:
    """Return places all over the image, near one another."""
    for number in range(100_000):
        turn = number / 15
        radius = SIZE * (0.1 + 0.3 * ((number % 400) / 400))
        yield SIZE / 2 + radius * np.sin(turn), SIZE / 2 + radius * np.cos(turn)


def _after(times: list[float], start: float) -> float:
    """Return the first time after `start`; 0 where there is none."""
    return next((t for t in times[-400:] if t > start), 0.0)


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


def _section() -> np.ndarray:
    from napari_dtn.sample_data import em_stack

    return np.asarray(em_stack()[0][0])[0, :SIZE, :SIZE]


if __name__ == "__main__":
    sys.exit(main())
