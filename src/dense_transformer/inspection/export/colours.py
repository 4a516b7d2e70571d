"""Colours of figures: one meaning, one colour, told apart by colour-blind readers.

Marks use the palette of Okabe and Ito (2008); the map for amounts is viridis (van
der Walt and Smith, CC0), here as 17 of its colours with straight lines between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.inspection.export.drawing import Colour
from dense_transformer.types import Array

INK: Colour = (0, 0, 0)
PALE: Colour = (255, 255, 255)
LATTICE: Colour = (255, 255, 255)
FIDUCIAL: Colour = (213, 94, 0)
PATCH: Colour = (0, 205, 255)
SQUARE: Colour = (255, 255, 255)
TILE: Colour = (240, 228, 66)
BOUNDARY: Colour = (230, 159, 0)
FOLD: Colour = (255, 0, 200)
MISSING: Colour = (160, 160, 160)

_VIRIDIS = (
    "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 "
    "54c568 7ad151 a5db36 d2e21b e9e51a fde725"
)
_TRACE = "56b4e9 44bf70 bddf26 fde725 ff9d00 e04000"
_DIVERGING = "2166ac 67a9cf d1e5f0 f7f7f7 fddbc7 ef8a62 b2182b"
_COVERAGE = "bf001a f28059 f2f2f2 408ce6 0d2680"  # as napari_dtn.looks draws it
_DENSITY = "0540bf 59a6ff f2f2f2 ffa633 cc4000"  # as napari_dtn.inspect_maps does

_COLOURS = {
    "amount": _VIRIDIS,
    "trace": _TRACE,
    "signed": _DIVERGING,
    "coverage": _COVERAGE,
    "density": _DENSITY,
    "gray": "000000 ffffff",
}


@dataclass(frozen=True, slots=True)
class ColourMap:
    """Colours for the values from `low` to `high`.

    Attributes
    ----------
    name : str
        ``"amount"`` (viridis), ``"trace"`` (for lines on images: no dark colours),
        ``"signed"`` (blue, white, red), ``"coverage"`` (red: little, white, blue:
        much), ``"density"`` (blue: magnified, white, orange: shrunk) or ``"gray"``.
    low, high : float
        Values that get the first and the last colour; others get the nearer.
    missing : Colour
        Of NaN.
    """

    name: str
    low: float
    high: float
    missing: Colour = MISSING

    def paint(self, values: Array) -> Array:
        """Return values of any shape as RGB, shape (..., 3), uint8."""
        values = np.asarray(values, dtype=np.float64)
        width = self.high - self.low
        share = (values - self.low) / (width if width > 0 else 1.0)
        table = _table(self.name)
        at = np.nan_to_num(share, nan=0.0).clip(0.0, 1.0) * (len(table) - 1)
        index = np.arange(len(table))
        rgb = np.stack([np.interp(at, index, table[:, c]) for c in range(3)], -1)
        rgb[np.isnan(values)] = self.missing
        return np.asarray(np.rint(rgb).astype(np.uint8))


def _table(name: str) -> Array:
    """Return the colours of a map, shape (n, 3)."""
    words = _COLOURS[name].split()
    codes = [[int(word[i : i + 2], 16) for i in (0, 2, 4)] for word in words]
    return np.array(codes, dtype=np.float64)


def nice_step(span: float, pieces: int = 4) -> float:
    """Return 1, 2 or 5 times a power of ten that cuts `span` in about `pieces`."""
    if not span > 0 or not np.isfinite(span):
        return 1.0
    rough = span / pieces
    power = 10.0 ** np.floor(np.log10(rough))
    return float(
        min((1.0, 2.0, 5.0, 10.0), key=lambda k: abs(k * power - rough)) * power
    )


def ticks(low: float, high: float, pieces: int = 4) -> Array:
    """Return round values between `low` and `high`, shape (n,)."""
    step = nice_step(high - low, pieces)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.arange(first, last + 0.5) * step + 0.0  # no -0


def number(value: float, digits: int = 3) -> str:
    """Return a number as people write it: at most `digits` that count, no exponent."""
    if not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
    if places > 6:
        return f"{value:.1e}"
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
