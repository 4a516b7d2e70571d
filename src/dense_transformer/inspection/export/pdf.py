"""Drawings as PDF: vectors, pictures and the embedded font; no dates, no names.

Written here, because the libraries that could either belong to GUIs or stamp each
file with the time. ISO 32000-1:2008 is the format; what we need of it is small.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np

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
from dense_transformer.inspection.export.lettering import (
    ENCODING,
    advance,
    font_bytes,
    printable,
    width_pt,
)
from dense_transformer.types import Array

_ROUND = 0.5522847498  # handle of a Bezier curve that draws a quarter circle
_FIRST, _LAST = 32, 255  # letters of the font


def write_pdf(path: str | os.PathLike[str], drawing: Drawing) -> Path:
    """Write a drawing as a PDF of one page; return its path.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    return atomic_write(path, to_pdf(drawing))


def to_pdf(drawing: Drawing) -> bytes:
    """Return a drawing as a PDF file."""
    page = _Page(drawing)
    height, width = drawing.size
    images = " ".join(f"/I{i} {6 + i} 0 R" for i in range(len(page.images)))
    states = " ".join(
        f"/G{i} <</CA {a:.3f} /ca {a:.3f}>>" for i, a in enumerate(page.opacities)
    )
    last = 6 + len(page.images)
    title = printable(drawing.title).encode(ENCODING).hex()
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        (
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
            f"/Contents 4 0 R /Resources <</Font <</F0 5 0 R>> "
            f"/XObject <<{images}>> /ExtGState <<{states}>>>>>>"
        ).encode(),
        _stream("", page.content()),
        _font(last),
        *page.images,
        _font_descriptor(last + 1),
        _stream(f"/Length1 {len(font_bytes())}", font_bytes()),
        f"<</Title <{title}>>>".encode(),
    ]
    return _file(objects)


class _Page:
    """The operators of a page and the pictures that they name."""

    def __init__(self, drawing: Drawing) -> None:
        self._height = drawing.size[0]
        self.images: list[bytes] = []
        self.opacities: list[float] = []
        self._lines = ["1 j"]
        for mark in drawing.marks:
            self._add(mark)

    def content(self) -> bytes:
        return "\n".join(self._lines).encode("latin-1")

    def _add(self, mark: Mark) -> None:
        self._lines.append("q")
        if isinstance(mark, Picture):
            self._picture(mark)
        elif isinstance(mark, Text):
            self._text(mark)
        else:
            self._shapes(mark)
        self._lines.append("Q")

    def _picture(self, mark: Picture) -> None:
        top, left, bottom, right = mark.box
        self._lines.append(
            f"{right - left:.2f} 0 0 {bottom - top:.2f} {left:.2f} "
            f"{self._height - bottom:.2f} cm /I{len(self.images)} Do"
        )
        self.images.append(_image(mark))

    def _text(self, mark: Text) -> None:
        y, x = mark.at
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor]
        x -= share * width_pt(mark.words, mark.size)
        letters = printable(mark.words).encode(ENCODING).hex()
        self._lines.append(
            f"{_rgb(mark.colour)} rg BT /F0 {mark.size:.2f} Tf {x:.2f} "
            f"{self._height - y:.2f} Td <{letters}> Tj ET"
        )

    def _shapes(self, mark: Paths | Dots) -> None:
        if mark.clip is not None:
            self._lines.append(f"{self._box(mark.clip)} re W n")
        closed, paint = True, "f"
        if mark.fill is not None:
            self._lines.append(f"{_rgb(mark.fill)} rg")
        if mark.stroke is not None:
            self._lines.append(f"{_rgb(mark.stroke)} RG {mark.width:.2f} w")
            paint = "S" if mark.fill is None else "B"
        if isinstance(mark, Dots):
            self._lines += [self._circle(y, x, mark.radius) for y, x in mark.at]
        else:
            closed = mark.closed
            if mark.dash:
                self._lines.append(f"[{mark.dash:.2f}] 0 d")
            if mark.opacity < 1.0:
                self._lines.append(f"/G{len(self.opacities)} gs")
                self.opacities.append(mark.opacity)
            self._lines += [self._corners(line, closed) for line in mark.lines]
        self._lines.append(paint)

    def _corners(self, line: Array, closed: bool) -> str:
        points = [f"{x:.2f} {self._height - y:.2f}" for y, x in line]
        rest = "".join(f" {point} l" for point in points[1:])
        return f"{points[0]} m{rest}{' h' if closed else ''}"

    def _circle(self, y: float, x: float, r: float) -> str:
        y, k = self._height - y, _ROUND * r
        return (
            f"{x + r:.2f} {y:.2f} m "
            f"{x + r:.2f} {y + k:.2f} {x + k:.2f} {y + r:.2f} {x:.2f} {y + r:.2f} c "
            f"{x - k:.2f} {y + r:.2f} {x - r:.2f} {y + k:.2f} {x - r:.2f} {y:.2f} c "
            f"{x - r:.2f} {y - k:.2f} {x - k:.2f} {y - r:.2f} {x:.2f} {y - r:.2f} c "
            f"{x + k:.2f} {y - r:.2f} {x + r:.2f} {y - k:.2f} {x + r:.2f} {y:.2f} c h"
        )

    def _box(self, box: BoxPt) -> str:
        top, left, bottom, right = box
        size = f"{right - left:.2f} {bottom - top:.2f}"
        return f"{left:.2f} {self._height - bottom:.2f} {size}"


def _image(mark: Picture) -> bytes:
    pixels = np.ascontiguousarray(mark.pixels, dtype=np.uint8)
    space = "/DeviceGray" if pixels.ndim == 2 else "/DeviceRGB"
    return _stream(
        f"/Type /XObject /Subtype /Image /Width {pixels.shape[1]} "
        f"/Height {pixels.shape[0]} /ColorSpace {space} /BitsPerComponent 8 "
        f"/Interpolate {'true' if mark.smooth else 'false'}",
        pixels.tobytes(),
    )


def _font(descriptor: int) -> bytes:
    codes = range(_FIRST, _LAST + 1)
    letters = [bytes([code]).decode(ENCODING, errors="replace") for code in codes]
    widths = " ".join(str(advance(printable(letter))) for letter in letters)
    return (
        f"<</Type /Font /Subtype /TrueType /BaseFont /DTNAAA+DejaVuSans "
        f"/Encoding /WinAnsiEncoding /FirstChar {_FIRST} /LastChar {_LAST} "
        f"/Widths [{widths}] /FontDescriptor {descriptor} 0 R>>"
    ).encode()


def _font_descriptor(font_file: int) -> bytes:
    return (
        "<</Type /FontDescriptor /FontName /DTNAAA+DejaVuSans /Flags 32 "
        "/FontBBox [-1021 -463 1793 1232] /ItalicAngle 0 /Ascent 928 /Descent -236 "
        f"/CapHeight 729 /StemV 80 /FontFile2 {font_file} 0 R>>"
    ).encode()


def _stream(entries: str, content: bytes) -> bytes:
    packed = zlib.compress(content, 6)
    head = f"<<{entries} /Filter /FlateDecode /Length {len(packed)}>>\nstream\n"
    return head.encode() + packed + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    """Return the objects, numbered from 1, as a file; the last is about the file."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    starts = []
    for number, content in enumerate(objects, 1):
        starts.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    count = len(objects) + 1
    out += (
        f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n"
        f"<</Size {count} /Root 1 0 R /Info {len(objects)} 0 R>>\n"
        f"startxref\n{len(out)}\n%%EOF\n"
    ).encode()
    return bytes(out)


def _rgb(colour: Colour) -> str:
    return " ".join(f"{value / 255:.3f}" for value in colour)
