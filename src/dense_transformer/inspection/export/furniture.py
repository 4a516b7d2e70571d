"""What a figure needs besides the picture: scale bar, colour bar, legend, letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dense_transformer.inspection.export.colours import (
    INK,
    PALE,
    ColourMap,
    nice_step,
    number,
    ticks,
)
from dense_transformer.inspection.export.drawing import (
    BoxPt,
    Colour,
    Dots,
    Mark,
    Panel,
    Paths,
    Picture,
    Text,
    rectangle,
)
from dense_transformer.inspection.export.lettering import width_pt

SMALL = 6.5  # size of words, points; journals ask for 5 to 7
_BAR_SHARE = 0.22  # of the panel's width that a scale bar takes, at most about


def scale_bar(panel: Panel, pixel_nm: tuple[float, float] | None) -> tuple[Mark, ...]:
    """Return a bar of round length at the lower right, in nm, µm, mm or px."""
    _, left, bottom, right = panel.box
    unit_pt = float(panel.points_per_px[1]) / (pixel_nm[1] if pixel_nm else 1.0)
    length = _round_down((right - left) * _BAR_SHARE / unit_pt)
    words = _length(length) if pixel_nm else f"{number(length)} px"
    wide = length * unit_pt
    end, base = right - 6.0, bottom - 6.0
    plate = max(wide, width_pt(words, SMALL)) + 7.0
    middle = end - plate / 2 + 3.5
    back = (base - 13.0, end - plate + 3.5, base + 3.5, end + 3.5)
    bar = (base - 2.0, middle - wide / 2, base, middle + wide / 2)
    return (
        Paths((rectangle(back),), None, fill=INK, closed=True, opacity=0.55),
        Paths((rectangle(bar),), None, fill=PALE, closed=True),
        Text((base - 4.5, middle), words, SMALL, PALE, "middle"),
    )


def colour_bar(box: BoxPt, colours: ColourMap, label: str) -> tuple[Mark, ...]:
    """Return a bar of a map's colours with its values; its label above, with unit."""
    top, left, bottom, right = box
    values = np.linspace(colours.high, colours.low, 128)[:, None]
    marks: list[Mark] = [
        Picture(box, colours.paint(values), smooth=True),
        Paths((rectangle(box),), INK, 0.5, closed=True),
        Text((top - 5.0, left), label, SMALL),
    ]
    span = colours.high - colours.low
    for value in ticks(colours.low, colours.high, 5):
        y = bottom - (value - colours.low) / (span or 1.0) * (bottom - top)
        marks.append(Paths((np.array([[y, right], [y, right + 2.5]]),), INK, 0.5))
        marks.append(Text((y + 2.3, right + 4.5), number(value), SMALL))
    return tuple(marks)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: a sample of a mark, and what it means."""

    kind: Literal["dot", "ring", "line", "dashed", "area"]
    colour: Colour
    words: str


def legend(at: tuple[float, float], entries: Sequence[Entry]) -> tuple[Mark, ...]:
    """Return samples and words in one row that begins at (y, x)."""
    marks: list[Mark] = []
    y, x = at
    for entry in entries:
        marks += _sample((y, x), entry)
        marks.append(Text((y + 2.3, x + 16.0), entry.words, SMALL))
        x += 16.0 + width_pt(entry.words, SMALL) + 12.0
    return tuple(marks)


def legend_rows(
    at: tuple[float, float], entries: Sequence[Entry], width: float
) -> tuple[Mark, ...]:
    """Return a legend broken into rows that are at most `width` points wide."""
    rows: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        wide = 28.0 + width_pt(entry.words, SMALL)
        if rows[-1] and used + wide > width:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += wide
    return tuple(
        mark
        for line, row in enumerate(rows)
        for mark in legend((at[0] + 11.0 * line, at[1]), row)
    )


def _sample(at: tuple[float, float], entry: Entry) -> list[Mark]:
    y, x = at
    box = rectangle((y - 4.5, x, y + 4.5, x + 12.0))
    back: Mark = Paths((box,), None, fill=(110, 110, 110), closed=True)
    middle = np.array([[y, x + 6.0]])
    line = np.array([[y, x + 1.0], [y, x + 11.0]])
    if entry.kind == "dot":
        return [back, Dots(middle, 2.2, entry.colour, PALE, 0.5)]
    if entry.kind == "ring":
        return [back, Dots(middle, 2.0, None, entry.colour, 0.8)]
    if entry.kind == "area":
        inner = rectangle((y - 2.8, x + 1.8, y + 2.8, x + 10.2))
        return [
            back,
            Paths((inner,), None, fill=entry.colour, closed=True, opacity=0.35),
            Paths((inner,), entry.colour, 1.0, closed=True),
        ]
    return [
        back,
        Paths((line,), entry.colour, 1.0, dash=2.0 * (entry.kind == "dashed")),
    ]


def _round_down(length: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not above `length`."""
    step = nice_step(length, 1)
    while step > length:
        step = nice_step(step * 0.45, 1)
    return step


def _length(nm: float) -> str:
    for unit, size in (("mm", 1e6), ("µm", 1e3)):
        if nm >= size:
            return f"{number(nm / size)} {unit}"
    return f"{number(nm)} nm"
