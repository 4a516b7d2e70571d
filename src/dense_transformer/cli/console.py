"""What the commands write: results to stdout, progress to stderr."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from typing import TextIO

from dense_transformer.types import Progress

LINE_S = 10.0  # between lines where nobody watches a terminal
REDRAW_S = 0.1
COUNTS = re.compile(r"\d+ of \d+")


def say(text: str = "") -> None:
    """Write a line of result to stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a line about the work to stderr."""
    sys.stderr.write(text + "\n")


def leads() -> bool:
    """Return whether this process speaks: the first of those torchrun started."""
    return os.environ.get("RANK", "0") == "0"


class ProgressLine:
    """Shows Progress: one redrawn line on a terminal, a line now and then elsewhere.

    Parameters
    ----------
    what : str
        Begins every line.
    stream : TextIO, optional
        Where to write; stderr by default.
    """

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._redraw = self._stream.isatty()
        self._start: tuple[float, int] | None = None
        self._shown = float("-inf")
        self._width = 0
        self._pending: Progress | None = None
        self._done = -1  # of what was shown last
        self._message = ("", float("-inf"))

    def __call__(self, progress: Progress) -> None:
        """Show `progress`, or keep it for later if the last was shown just now."""
        now = time.monotonic()
        if self._start is None:
            self._start = (now, progress.done)
        counts = COUNTS.search(progress.message) and self._redraw  # said in the line
        if progress.message and not counts and self._is_news(progress.message, now):
            self._erase()
            self._stream.write(f"{self._what}: {progress.message}\n")
        wait = REDRAW_S if self._redraw else LINE_S
        self._pending = progress
        ended = progress.done >= progress.total > self._done
        if now - self._shown >= wait or ended:
            self._show(now)

    def close(self) -> None:
        """Show what is pending and end the line."""
        if self._pending is not None:
            self._show(time.monotonic())
        if self._redraw and self._width:
            self._stream.write("\n")
        self._width = 0
        self._stream.flush()

    def __enter__(self) -> ProgressLine:
        """Return itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the line."""
        self.close()

    def _is_news(self, message: str, now: float) -> bool:
        """Return whether to show a message; of those that count, one now and then."""
        kind = re.sub(r"\d+", "#", message)
        last, when = self._message
        if kind == last and now - when < LINE_S:
            return False
        self._message = (kind, now)
        return True

    def _show(self, now: float) -> None:
        progress, self._pending, self._shown = self._pending, None, now
        if progress is None:
            return
        self._done = progress.done
        text = f"{self._what}: {describe(progress, self._rate(progress, now))}"
        if not self._redraw:
            self._stream.write(text + "\n")
        else:
            if COUNTS.search(progress.message):
                text = f"{self._what}: {progress.message}"
            # What is wrapped can't be drawn over.
            columns = shutil.get_terminal_size().columns - 1
            if len(text) > columns > 1:
                text = f"{text[: columns - 1]}…"
            self._stream.write("\r" + text.ljust(min(self._width, columns)))
            self._width = len(text)
        self._stream.flush()

    def _erase(self) -> None:
        if self._redraw and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0

    def _rate(self, progress: Progress, now: float) -> float | None:
        if self._start is None:
            return None
        began, first = self._start
        if progress.done <= first or now <= began:
            return None
        return (progress.done - first) / (now - began)


def describe(progress: Progress, rate: float | None = None) -> str:
    """Return one line for people: how far, how fast, how long still, the figures.

    Parameters
    ----------
    progress : Progress
        What to describe.
    rate : float, optional
        Units of work per second.
    """
    unit, size = ("MB", 1e6) if progress.unit == "byte" else (plural(progress.unit), 1)
    digits = 0 if size == 1 else 1
    done, total = (
        f"{progress.done / size:.{digits}f}",
        f"{progress.total / size:.{digits}f}",
    )
    share = f"{progress.done / max(progress.total, 1):.0%}"
    parts = [f"{done}/{total} {unit} ({share})"]
    if rate and not any(name.endswith("/s") for name, _ in progress.values):
        parts.append(f"{rate / size:.3g} {unit}/s")
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{duration(progress.seconds_left)} left")
    parts += [f"{name} {value:.4g}" for name, value in progress.values]
    return ", ".join(parts)


def plural(unit: str) -> str:
    """Return the plural of a unit of progress: tiles, patches."""
    return f"{unit}es" if unit.endswith(("ch", "s", "x")) else f"{unit}s"


def duration(seconds: float) -> str:
    """Return a time for people: ``"45 s"``, ``"3:05 min"``, ``"2:10 h"``."""
    whole = round(max(seconds, 0.0))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
