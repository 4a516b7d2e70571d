"""The one typeface of our figures: how wide words are, and the font itself.

A subset of DejaVu Sans (`fonts/LICENSE_DEJAVU`) with the letters of Windows-1252
lies beside the code, so that figures look and measure the same on every machine and
a PDF carries its font, as journals ask.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files

from PIL import ImageFont

ENCODING = "cp1252"  # what a simple font of a PDF can show
FAMILY = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
_MEASURED_AT = 1000  # px per em: widths in thousandths


@lru_cache(maxsize=1)
def font_bytes() -> bytes:
    """Return the TrueType file."""
    return (files(__package__) / "fonts" / "DejaVuSans.ttf").read_bytes()


@lru_cache(maxsize=16)
def font(size_px: float) -> ImageFont.FreeTypeFont:
    """Return the font for raster images; `size_px` is the height of an em."""
    return ImageFont.truetype(
        io.BytesIO(font_bytes()), size_px, layout_engine=ImageFont.Layout.BASIC
    )


def width_pt(words: str, size: float) -> float:
    """Return how wide `words` are at a size in points."""
    return sum(advance(letter) for letter in printable(words)) * size / _MEASURED_AT


@lru_cache(maxsize=512)
def advance(letter: str) -> int:
    """Return the width of a letter in thousandths of its size."""
    return round(font(_MEASURED_AT).getlength(letter))


def printable(words: str) -> str:
    """Return `words` with a question mark for each letter that the font lacks."""
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return plain.encode(ENCODING, errors="replace").decode(ENCODING)
