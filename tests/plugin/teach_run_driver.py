"""Paints a little on an image that can be learned, and drives runs by the mouse."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from dense_transformer.teaching.status import RunStatus, write_status
from napari_dtn.child import end_child, find_child
from napari_dtn.jobs import JobRunner

SIZE = (96, 128)
DARK = (24, 72)  # rows around which there are dark bars: the boundary


def write_bars(path: Path) -> Path:
    """Write an image whose dark bars are boundary."""
    rng = np.random.default_rng(0)
    pixels = rng.normal(170, 12, SIZE)
    for row in DARK:
        pixels[row - 6 : row + 6] -= 110
    tifffile.imwrite(path, np.clip(pixels, 0, 255).astype(np.uint8))
    return path


def paint_bars(window: Any) -> Any:
    """Paint four strokes of each class with the mouse; return the layer."""
    layer = window.annotate()
    classes = window.section("AnnotateSection").classes
    for label, rows in ((2, DARK), (1, (48, 88))):
        window.click(classes.button(label))
        for row in rows:
            window.stroke(layer, (row, 12), (row, 48))
            window.stroke(layer, (row, 80), (row, 116))
    window.settle()
    return layer


class RunDriver:
    """The Teach section of a window, and the processes that it starts."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self.section = window.section("RunSection")
        self.teaching = self.section.teaching

    @property
    def run(self) -> Path:
        return self.teaching.run

    def begin(self, steps: int, **settings: Any) -> Path:
        """Click Teach; return the folder of the new run."""
        before = self.teaching.run
        self.section.settings.form.set_values({"steps": steps, **settings})
        self.window.click(self.section.buttons.teach)
        self.window.until(lambda: self.teaching.run != before, 60000)
        return self.run

    def queue(self, steps: int) -> Path:
        """Click Teach while a run is at work; return the folder of the one waiting."""
        before = {other.run for other in self.teaching.others}
        self.section.settings.form.set_values({"steps": steps})
        self.window.click(self.section.buttons.teach)
        others = lambda: {other.run for other in self.teaching.others}  # noqa: E731
        self.window.until(lambda: others() != before, 60000)
        (found,) = others() - before
        return found

    def until_others(self, *runs: Path) -> None:
        """Wait until these runs live beside the followed one, and no others."""
        teaching = self.teaching
        self.window.until(lambda: tuple(o.run for o in teaching.others) == runs, 60000)

    def until(self, *states: str, ms: int = 60000) -> float:
        """Wait for a state; return the seconds it took."""
        began = time.monotonic()
        self.window.until(lambda: self.teaching.state in states, ms)
        return time.monotonic() - began

    def until_step(self, step: int) -> None:
        news = self.teaching
        self.window.until(
            lambda: news.news is not None and news.news.report.step >= step, 60000
        )

    def click(self, name: str) -> None:
        button = getattr(self.section.buttons, name)
        assert button.isEnabled(), f"{name} can't be clicked in {self.teaching.state}"
        self.window.click(button)


def write_run(folder: Path, state: str = "stopped", steps: int = 0) -> Path:
    """Write the folder of a run that came to some steps, without a process."""
    folder.mkdir(parents=True)
    events = [{"event": "step", "step": n + 1, "loss": 0.5} for n in range(steps)]
    (folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    write_status(folder, RunStatus(state, steps, 24))
    return folder


def in_time(seconds: float) -> float:
    """Return a limit that a machine which others use may take longer for."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def end_all(folder: Path) -> None:
    """Kill what works on the runs under a folder."""
    for record in folder.rglob("child.json"):
        if (child := find_child(record.parent)) is not None:
            end_child(child)


def stop_following(window: Any) -> None:
    """Let a window forget its run without a word, as if it were killed."""
    for runner in window.dock.teach.findChildren(JobRunner):
        runner.shut_down()
