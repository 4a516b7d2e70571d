"""Drawings as SVG: text, with pictures embedded; the same bytes every time."""

from __future__ import annotations

import base64
import io
import os
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from dense_transformer.files import atomic_write
from dense_transformer.inspection.export.drawing import (
    BoxPt,
    Colour,
    Dots,
    Drawing,
    Mark,
    Paths,
    Picture,
    Text,
)
from dense_transformer.inspection.export.lettering import FAMILY
from dense_transformer.types import Array


def write_svg(path: str | os.PathLike[str], drawing: Drawing) -> Path:
    """Write a drawing as an SVG file; return its path.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return atomic_write(path, (head + to_svg(drawing)).encode())


def to_svg(drawing: Drawing, prefix: str = "") -> str:
    """Return a drawing as an SVG element that can stand in an HTML page.

    Parameters
    ----------
    drawing : Drawing
        What to show.
    prefix : str
        Begins the names of clip paths; different for each drawing of one page.
    """
    height, width = drawing.size
    clips: dict[BoxPt, str] = {}
    body = "\n".join(_mark(mark, clips, prefix) for mark in drawing.marks)
    defined = "".join(
        f'<clipPath id="{name}">{_rectangle(box)}</clipPath>'
        for box, name in clips.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'width="{_n(width)}pt" height="{_n(height)}pt" '
        f'viewBox="0 0 {_n(width)} {_n(height)}">\n'
        f"<title>{escape(drawing.title)}</title>\n<defs>{defined}</defs>\n"
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>\n'
        f"{body}\n</svg>\n"
    )


def to_png(pixels: Array) -> bytes:
    """Return gray (h, w) or RGB (h, w, 3) uint8 pixels as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "png", optimize=False)
    return file.getvalue()


def data_url(content: bytes, kind: str = "image/png") -> str:
    """Return a file as an address that holds the file itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _mark(mark: Mark, clips: dict[BoxPt, str], prefix: str) -> str:
    if isinstance(mark, Picture):
        return _picture(mark)
    if isinstance(mark, Text):
        y, x = mark.at
        return (
            f'<text x="{_n(x)}" y="{_n(y)}" font-family="{FAMILY}" '
            f'font-size="{_n(mark.size)}" fill="{_hex(mark.colour)}" '
            f'text-anchor="{mark.anchor}">{escape(mark.words)}</text>'
        )
    look = _look(mark)
    if mark.clip is not None:
        name = clips.setdefault(mark.clip, f"{prefix}clip{len(clips)}")
        look += f' clip-path="url(#{name})"'
    if isinstance(mark, Dots):
        circles = "".join(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(mark.radius)}"/>'
            for y, x in mark.at
        )
        return f"<g {look}>{circles}</g>"
    return f'<path {look} d="{_corners(mark)}"/>'


def _picture(mark: Picture) -> str:
    top, left, bottom, right = mark.box
    smooth = "" if mark.smooth else ' style="image-rendering:pixelated"'
    return (
        f'<image x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" '
        f'height="{_n(bottom - top)}" preserveAspectRatio="none"{smooth} '
        f'xlink:href="{data_url(to_png(mark.pixels))}"/>'
    )


def _look(mark: Paths | Dots) -> str:
    look = f'fill="{_hex(mark.fill)}" stroke="{_hex(mark.stroke)}"'
    if mark.stroke is not None:
        look += f' stroke-width="{_n(mark.width)}" stroke-linejoin="round"'
    if isinstance(mark, Paths):
        if mark.dash:
            look += f' stroke-dasharray="{_n(mark.dash)}"'
        if mark.opacity < 1.0:
            look += f' opacity="{_n(mark.opacity)}"'
    return look


def _corners(mark: Paths) -> str:
    end = "Z" if mark.closed else ""
    return "".join(
        "M" + "L".join(f"{_n(x)} {_n(y)}" for y, x in line) + end for line in mark.lines
    )


def _rectangle(box: BoxPt) -> str:
    top, left, bottom, right = box
    return (
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" '
        f'height="{_n(bottom - top)}"/>'
    )


def _hex(colour: Colour | None) -> str:
    return "none" if colour is None else "#{:02x}{:02x}{:02x}".format(*colour)


def _n(value: float) -> str:
    """Return a number to a hundredth of a point, without idle zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
