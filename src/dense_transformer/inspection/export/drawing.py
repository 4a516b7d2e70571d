"""A figure as a value: marks on a sheet of paper, before any file format.

One drawing becomes SVG, PDF and PNG (`svg`, `pdf`, `raster`), so that the three show
the same. Positions are (y, x) in points, 1/72 inch, from the top left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dense_transformer.types import Array

Colour = tuple[int, int, int]  # red, green, blue; 0..255
BoxPt = tuple[float, float, float, float]  # top, left, bottom, right; points
Anchor = Literal["start", "middle", "end"]
POINTS_PER_INCH = 72.0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels stretched over a box.

    Attributes
    ----------
    box : BoxPt
        Where it lies; the outermost pixels end at its edges.
    pixels : ndarray, shape (h, w) or (h, w, 3), uint8
        Gray or RGB.
    smooth : bool
        Whether a viewer may blur between pixels.
    """

    box: BoxPt
    pixels: Array
    smooth: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Lines or polygons of one look.

    Attributes
    ----------
    lines : tuple of ndarray, shape (n, 2)
        (y, x) of their corners, points.
    stroke, fill : Colour or None
        Colour of the line and of the inside; None: not drawn.
    width : float
        Of the line, points.
    closed : bool
        Whether the last corner joins the first.
    dash : float
        Length of dashes and gaps, points; 0: one solid line.
    opacity : float
        Of line and inside, 0..1.
    clip : BoxPt or None
        Nothing is drawn outside of it.
    """

    lines: tuple[Array, ...]
    stroke: Colour | None = (0, 0, 0)
    width: float = 0.5
    fill: Colour | None = None
    closed: bool = False
    dash: float = 0.0
    opacity: float = 1.0
    clip: BoxPt | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Discs of one look: centres `at` (n, 2), (y, x), points."""

    at: Array
    radius: float
    fill: Colour | None
    stroke: Colour | None = None
    width: float = 0.5
    clip: BoxPt | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """One line of words; `at` is the (y, x) of its base line, points."""

    at: tuple[float, float]
    words: str
    size: float = 7.0
    colour: Colour = (0, 0, 0)
    anchor: Anchor = "start"


Mark = Picture | Paths | Dots | Text


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Marks in the order in which they are drawn, on white paper.

    Attributes
    ----------
    size : tuple of float
        Height and width, points.
    marks : tuple of Mark
        The first lies lowest.
    title : str
        What it shows, for people who can't see it.
    """

    size: tuple[float, float]
    marks: tuple[Mark, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """The part of a drawing that shows a part of an image.

    Attributes
    ----------
    box : BoxPt
        Where it lies on the paper.
    view_px : tuple of float
        (top, left, bottom, right) edges in image pixels, whose centres are whole
        numbers: an image of h rows reaches from -0.5 to h - 0.5.
    """

    box: BoxPt
    view_px: tuple[float, float, float, float]

    @property
    def points_per_px(self) -> Array:
        """(y, x) size of an image pixel on the paper, points."""
        (top, left, bottom, right), view = self.box, self.view_px
        paper = np.array([bottom - top, right - left])
        return np.asarray(paper / [view[2] - view[0], view[3] - view[1]])

    def place(self, px: Array) -> Array:
        """Return (y, x) image pixels, shape (..., 2), as points on the paper."""
        start = np.array(self.view_px[:2])
        return np.asarray((px - start) * self.points_per_px + np.array(self.box[:2]))


def rectangle(box: BoxPt) -> Array:
    """Return the corners of a box, shape (4, 2), (y, x)."""
    top, left, bottom, right = box
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
