"""Drawings as pixels: PNG figures and the frames of films."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from dense_transformer.files import atomic_write
from dense_transformer.inspection.export.drawing import (
    POINTS_PER_INCH,
    BoxPt,
    Colour,
    Dots,
    Drawing,
    Mark,
    Paths,
    Picture,
    Text,
)
from dense_transformer.inspection.export.lettering import font, printable
from dense_transformer.inspection.export.svg import to_png
from dense_transformer.types import Array

_FINER = 3  # drawn so many times larger, then shrunk: smooth edges


def write_png(path: str | os.PathLike[str], drawing: Drawing, dpi: int = 200) -> Path:
    """Write a drawing as a PNG file; return its path.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    return atomic_write(path, to_png(to_pixels(drawing, dpi)))


def to_pixels(drawing: Drawing, dpi: int = 200) -> Array:
    """Return a drawing as RGB pixels, shape (h, w, 3), uint8."""
    height, width = (max(1, round(n * dpi / POINTS_PER_INCH)) for n in drawing.size)
    canvas = _Canvas((height, width), dpi / POINTS_PER_INCH)
    for mark in drawing.marks:
        canvas.add(mark)
    return np.asarray(canvas.sheet)


class _Canvas:
    """A sheet of pixels that marks are laid on, one after the other."""

    def __init__(self, size: tuple[int, int], scale: float) -> None:
        self.sheet = Image.new("RGB", (size[1], size[0]), "white")
        self._scale = scale  # pixels per point

    def add(self, mark: Mark) -> None:
        if isinstance(mark, Picture):
            self._picture(mark)
        elif isinstance(mark, Text):
            self._text(mark)
        elif isinstance(mark, Dots) or mark.lines:
            self._shapes(mark)

    def _picture(self, mark: Picture) -> None:
        top, left, bottom, right = (round(v * self._scale) for v in mark.box)
        size = max(1, right - left), max(1, bottom - top)
        pixels = Image.fromarray(np.ascontiguousarray(mark.pixels)).convert("RGB")
        shrunk = size[0] < pixels.width or size[1] < pixels.height
        smooth = Image.Resampling.LANCZOS if shrunk else Image.Resampling.BICUBIC
        how = smooth if mark.smooth or shrunk else Image.Resampling.NEAREST
        self.sheet.paste(pixels.resize(size, how), (left, top))

    def _text(self, mark: Text) -> None:
        y, x = (v * self._scale for v in mark.at)
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
        letters = font(mark.size * self._scale)
        pen = ImageDraw.Draw(self.sheet)
        pen.text((x, y), printable(mark.words), mark.colour, letters, anchor=anchor)

    def _shapes(self, mark: Paths | Dots) -> None:
        """Draw in two masks, inside and line, and lay colours through them."""
        box = self._reach(mark)
        if box is None:
            return
        left, top, right, bottom = box
        fine = (right - left) * _FINER, (bottom - top) * _FINER
        opacity = mark.opacity if isinstance(mark, Paths) else 1.0
        for colour, line in ((mark.fill, False), (mark.stroke, True)):
            if colour is None:
                continue
            mask = Image.new("L", fine, 0)
            self._trace(ImageDraw.Draw(mask), mark, (top, left), line)
            small = mask.resize((right - left, bottom - top), Image.Resampling.BOX)
            small = small.point([round(v * opacity) for v in range(256)])
            self.sheet.paste(_flat(colour, small.size), (left, top), small)

    def _trace(
        self, pen: ImageDraw.ImageDraw, mark: Paths | Dots, start: tuple[int, int],
        line: bool,
    ) -> None:  # fmt: skip
        finer = self._scale * _FINER
        width = max(1, round(mark.width * finer))
        offset = np.array(start, dtype=float) * _FINER
        if isinstance(mark, Dots):
            radius = mark.radius * finer + (width / 2 if line else 0.0)
            for y, x in mark.at * finer - offset:
                disc = (x - radius, y - radius, x + radius, y + radius)
                pen.ellipse(disc, None if line else 255, 255, width if line else 0)
            return
        for corners in mark.lines:
            at = corners * finer - offset
            if not line:
                pen.polygon(_flip(at), fill=255)
                continue
            at = np.concatenate([at, at[:1]]) if mark.closed else at
            for piece in _dashes(at, mark.dash * finer) if mark.dash else [at]:
                pen.line(_flip(piece), fill=255, width=width, joint="curve")

    def _reach(self, mark: Paths | Dots) -> tuple[int, int, int, int] | None:
        """Return (left, top, right, bottom) of the pixels that a mark can touch."""
        points = mark.at if isinstance(mark, Dots) else np.concatenate(mark.lines)
        if not len(points):
            return None
        margin = mark.width + (mark.radius if isinstance(mark, Dots) else 0.0)
        low, high = points.min(0) - margin, points.max(0) + margin
        box = (low[0], low[1], high[0], high[1])
        if mark.clip is not None:
            box = _common(box, mark.clip)
        top, left = (int(np.floor(v * self._scale)) for v in box[:2])
        bottom, right = (int(np.ceil(v * self._scale)) for v in box[2:])
        top, left = max(0, top), max(0, left)
        right, bottom = min(right, self.sheet.width), min(bottom, self.sheet.height)
        return (left, top, right, bottom) if right > left and bottom > top else None


def _common(a: BoxPt, b: BoxPt) -> BoxPt:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _flip(points: Array) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for y, x in points]


def _flat(colour: Colour, size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, colour)


def _dashes(line: Array, length: float) -> list[Array]:
    """Return every other piece of `length` along a line, corners left out."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(0.0, along[-1], 2 * length)
    pieces = []
    for start in starts:
        inner = (along > start) & (along < start + length)
        at = np.concatenate([[start], along[inner], [min(start + length, along[-1])]])
        pieces.append(
            np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], -1)
        )
    return pieces
