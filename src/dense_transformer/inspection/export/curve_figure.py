"""Curves over the steps of a training, with the times when something was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.inspection.export.colours import (
    BOUNDARY,
    FIDUCIAL,
    INK,
    number,
    ticks,
)
from dense_transformer.inspection.export.drawing import (
    BoxPt,
    Colour,
    Drawing,
    Mark,
    Paths,
    Text,
    rectangle,
)
from dense_transformer.inspection.export.furniture import SMALL
from dense_transformer.inspection.export.lettering import width_pt
from dense_transformer.types import Array

WIDE, TALL = 400.0, 150.0
_LEFT, _TOP, _BELOW = 40.0, 24.0, 30.0
_PALE: Colour = (225, 225, 225)
LINES: tuple[Colour, ...] = ((0, 114, 178), BOUNDARY, (0, 158, 115), (204, 121, 167))
_MOST = 1500  # corners of a line; a paper shows no more


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A curve: values (n,) at ascending steps (n,); NaN leaves a gap."""

    words: str
    steps: Array
    values: Array


@dataclass(frozen=True, slots=True)
class Band:
    """Steps during which something was wrong; `end` None: to the last."""

    words: str
    start: float
    end: float | None


def draw_curves(
    lines: Sequence[Line], label: str, bands: Sequence[Band] = (), title: str = ""
) -> Drawing:
    """Return curves over steps; times of alarm are marked in orange.

    Parameters
    ----------
    lines : sequence of Line
        At most four, told apart by colour and named above.
    label : str
        What the values are, with their unit.
    bands : sequence of Band
        Drawn below the curves.
    """
    values = np.concatenate([line.values for line in lines] or [np.zeros(0)])
    steps = np.concatenate([line.steps for line in lines] or [np.zeros(0)])
    known = values[np.isfinite(values)]
    low, high = float(known.min(initial=np.inf)), float(known.max(initial=1e-9))
    if low < 0.5 * high or not np.isfinite(low):  # scores near 1 begin where they do
        low = min(0.0, low) if np.isfinite(low) else 0.0
    high = high if high > low else low + 1.0
    last = float(max(steps.max(initial=1.0), 1.0))
    box = (_TOP, _LEFT, _TOP + TALL, _LEFT + WIDE)
    axes = _Axes(box, (0.0, last), (low, high))
    marks: list[Mark] = [*axes.bands(bands), *axes.grid()]
    x = _LEFT
    for line, colour in zip(lines, LINES, strict=False):
        marks.append(Paths(axes.line(line), colour, 1.0, clip=box))
        key = np.array([[_TOP - 9.0, x], [_TOP - 9.0, x + 12.0]])
        marks.append(Paths((key,), colour, 1.5))
        marks.append(Text((_TOP - 6.7, x + 15.0), line.words, SMALL))
        x += 28.0 + width_pt(line.words, SMALL)
    marks.append(Text((_TOP - 6.7, _LEFT + WIDE), label, SMALL, anchor="end"))
    below = (_TOP + TALL + 23.0, _LEFT + WIDE / 2)
    marks.append(Text(below, "step", SMALL, anchor="middle"))
    size = _TOP + TALL + _BELOW, _LEFT + WIDE + 16.0
    return Drawing(size, tuple(marks), title or label)


class _Axes:
    """Where steps and values lie on the paper."""

    def __init__(
        self, box: BoxPt, steps: tuple[float, float], values: tuple[float, float]
    ) -> None:
        self._box, self._steps, self._values = box, steps, values

    def place(self, steps: Array, values: Array) -> Array:
        top, left, bottom, right = self._box
        x = (steps - self._steps[0]) / (self._steps[1] - self._steps[0])
        y = (values - self._values[0]) / (self._values[1] - self._values[0])
        return np.stack([bottom - y * (bottom - top), left + x * (right - left)], -1)

    def line(self, line: Line) -> tuple[Array, ...]:
        """Return a curve's pieces between gaps."""
        thin = max(1, len(line.steps) // _MOST)
        at = self.place(line.steps[::thin].astype(float), line.values[::thin])
        known = np.isfinite(at).all(-1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
        pieces = [at[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        return tuple(p if len(p) > 1 else np.repeat(p, 2, 0) for p in pieces)

    def grid(self) -> list[Mark]:
        """Return the frame, and lines and numbers at round values."""
        _, left, bottom, right = self._box
        marks: list[Mark] = []
        for value in ticks(*self._values, 5):
            y = float(self.place(np.zeros(1), np.array([value]))[0, 0])
            marks.append(Paths((np.array([[y, left], [y, right]]),), _PALE, 0.5))
            marks.append(
                Text((y + 2.3, left - 4.0), number(value), SMALL, anchor="end")
            )
        for value in ticks(*self._steps, 6):
            x = float(self.place(np.array([value]), np.zeros(1))[0, 1])
            words = f"{value:.0f}"
            marks.append(
                Text((bottom + 10.0, x), words, SMALL, anchor="middle"),
            )
        marks.append(Paths((rectangle(self._box),), INK, 0.5, closed=True))
        return marks

    def bands(self, bands: Sequence[Band]) -> list[Mark]:
        """Return a tinted area and a word for each time of alarm."""
        top, left, bottom, right = self._box
        marks: list[Mark] = []
        for row, band in enumerate(bands):
            ends = np.array(
                [band.start, self._steps[1] if band.end is None else band.end]
            )
            x = self.place(ends, np.zeros(2))[:, 1].clip(left, right)
            area = rectangle((top, x[0], bottom, max(x[1], x[0] + 1.0)))
            marks.append(Paths((area,), None, fill=FIDUCIAL, closed=True, opacity=0.15))
            y = top + 8.0 + 8.0 * (row % 6)
            fits = x[0] + width_pt(band.words, SMALL) + 3.0 < right
            anchor_x, anchor = (x[0] + 2.0, "start") if fits else (right - 2.0, "end")
            marks.append(
                Text((y, float(anchor_x)), band.words, SMALL, FIDUCIAL,
                     "start" if anchor == "start" else "end")
            )  # fmt: skip
        return marks
