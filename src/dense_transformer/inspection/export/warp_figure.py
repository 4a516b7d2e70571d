"""The figure of a warp: its grid, its fiducials, its learned patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.inspection.export.colours import (
    FIDUCIAL,
    INK,
    LATTICE,
    PALE,
    PATCH,
    SQUARE,
    ColourMap,
)
from dense_transformer.inspection.export.drawing import (
    BoxPt,
    Dots,
    Drawing,
    Mark,
    Panel,
    Paths,
    Picture,
    Text,
    rectangle,
)
from dense_transformer.inspection.export.furniture import (
    SMALL,
    Entry,
    colour_bar,
    legend_rows,
    scale_bar,
)
from dense_transformer.inspection.export.ground import TWO_COLUMNS, Ground, shaded
from dense_transformer.inspection.export.lettering import width_pt
from dense_transformer.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class WarpMarks:
    """What one transformer did, as positions in source px, (y, x).

    Attributes
    ----------
    grid : ndarray, shape (n, 2, 2)
        Lines of the warped grid, from and to.
    lattice, fiducials : ndarray, shape (k, 2)
        Where the fiducials stand without and with the warp.
    patches, squares : tuple of ndarray, shape (m, 2)
        Outlines of learned patches and of the regular squares in their place.
    displacement_px : ndarray, shape (n,)
        How far each grid line was moved, px; colours it.
    """

    grid: Array
    displacement_px: Array
    lattice: Array
    fiducials: Array
    patches: tuple[Array, ...] = ()
    squares: tuple[Array, ...] = ()


def draw_warp(ground: Ground, marks: WarpMarks, title: str = "") -> Drawing:
    """Return the figure of a warp: (a) grid and fiducials, (b) learned patches.

    The grid is coloured by displacement, px; patches are numbered from 1.
    """
    gap, bar = 14.0, 46.0
    wide = (TWO_COLUMNS - 2 * gap - bar) / 2
    tall = wide * ground.aspect
    first: BoxPt = (14.0, 0.0, 14.0 + tall, wide)
    second: BoxPt = (14.0, wide + bar + gap, 14.0 + tall, 2 * wide + bar + gap)
    left, right = Panel(first, ground.view_px), Panel(second, ground.view_px)
    amount = marks.displacement_px
    colours = ColourMap("trace", 0.0, float(max(amount.max(initial=0.0), 1e-9)))
    bar_box = (30.0, wide + 7.0, 14.0 + min(tall, 150.0), wide + 15.0)
    body = (
        Text((9.0, 0.0), "a", 9.0),
        Picture(first, ground.pixels, smooth=True),
        *shaded(left.place(marks.grid), amount, colours, first, 0.8),
        *fiducial_marks(left, marks),
        *scale_bar(left, ground.pixel_nm),
        *colour_bar(bar_box, colours, "shift (px)"),
        Text((9.0, second[1]), "b", 9.0),
        Picture(second, ground.pixels, smooth=True),
        *_patches(right, marks),
        *scale_bar(right, ground.pixel_nm),
    )
    below = first[2] + 9.0
    keys = legend_rows((below, 0.0), _KEYS_A, wide + bar)
    keys += legend_rows((below, second[1]), _KEYS_B, wide)
    return Drawing((below + 19.0, TWO_COLUMNS), (*body, *keys), title)


_KEYS_A = (
    Entry("ring", LATTICE, "fiducial at rest (lattice)"),
    Entry("dot", FIDUCIAL, "what it reads (learned)"),
    Entry("line", (68, 191, 112), "warped grid"),
)
_KEYS_B = (
    Entry("area", PATCH, "learned patch"),
    Entry("dashed", SQUARE, "patch of a plain U-Net"),
)


def fiducial_marks(panel: Panel, marks: WarpMarks) -> tuple[Mark, ...]:
    """Return fiducials at rest and as learned, as linked pairs."""
    rest, moved = panel.place(marks.lattice), panel.place(marks.fiducials)
    links = tuple(np.stack([rest, moved], 1))
    return (
        Paths(links, PALE, 1.4, clip=panel.box),
        Paths(links, FIDUCIAL, 0.8, clip=panel.box),
        Dots(rest, 2.2, None, LATTICE, 0.8, panel.box),
        Dots(moved, 2.0, FIDUCIAL, PALE, 0.5, panel.box),
    )


def _patches(panel: Panel, marks: WarpMarks) -> tuple[Mark, ...]:
    patches = tuple(panel.place(line) for line in marks.patches)
    squares = tuple(panel.place(line) for line in marks.squares)
    if not patches:
        return ()
    clip = panel.box
    return (
        Paths(patches, None, fill=PATCH, closed=True, opacity=0.3, clip=clip),
        Paths(patches, PATCH, 1.0, closed=True, clip=clip),
        Paths(squares, SQUARE, 0.8, closed=True, dash=2.5, clip=clip),
        *(
            mark
            for index, patch in enumerate(patches, 1)
            for mark in _number(patch.mean(0), str(index))
        ),
    )


def _number(middle: Array, words: str) -> tuple[Mark, ...]:
    """Return a number on a dark plate, which is legible on any image."""
    y, x = float(middle[0]), float(middle[1])
    half = width_pt(words, SMALL) / 2 + 1.5
    plate = rectangle((y - 3.6, x - half, y + 3.6, x + half))
    return (
        Paths((plate,), None, fill=INK, closed=True, opacity=0.55),
        Text((y + 2.3, x), words, SMALL, PALE, "middle"),
    )
