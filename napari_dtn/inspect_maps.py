"""Maps of a warp as descriptions of layers: coverage, density, folds, features.

Pure: makes arrays and plain values, touches no viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dtn.inspect_layers import placed_at, plane, segments_px
from napari_dtn.layers import LayerSpec
from napari_dtn.looks import COVERAGE, COVERAGE_AT
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from napari.utils.colormaps import Colormap

    from dense_transformer.inspection import MapFrame

FOLD = "#ff00ff"  # as loud as a colour can be, on gray and on colour
HOLE = "#ff1744"
LEAST = 0.1  # half a range, so that rounding doesn't look like structure
CLEAR = (0.0, 0.0, 0.0, 0.0)  # where a map says nothing
# From blue (magnified: fewer image pixels for a unit) to orange (shrunk).
DENSITY = [
    (0.02, 0.25, 0.75, 0.95),
    (0.35, 0.65, 1.00, 0.65),
    (0.95, 0.95, 0.95, 0.05),
    (1.00, 0.65, 0.20, 0.65),
    (0.80, 0.25, 0.00, 0.95),
]
AMOUNT = [
    (0.15, 0.00, 0.45, 0.10),
    (0.55, 0.10, 0.55, 0.70),
    (0.95, 0.45, 0.25, 0.80),
    (1.00, 0.95, 0.45, 0.90),
]
CHANGE = [  # from lost to gained boundary
    (0.00, 0.35, 1.00, 1.0),
    (0.30, 0.65, 1.00, 0.6),
    (0.50, 0.50, 0.50, 0.0),
    (1.00, 0.50, 0.30, 0.6),
    (0.90, 0.05, 0.00, 1.0),
]


@dataclass(frozen=True, slots=True)
class MapLook:
    """How one kind of map is drawn, and what its colours mean.

    Attributes
    ----------
    words : str
        Its name, for the layer and the list.
    hint : str
        What it tells, for people.
    colours : list of tuple
        RGBA along the range, evenly spaced unless `at` says otherwise.
    low, high : float
        Range of the colours; NaN: as far as the values go.
    neutral : float
        Value in the middle of the colours, where nothing is changed; the range then
        reaches as far to both sides, at most to `low` and `high`. NaN: none.
    unit : str
        Of the values.
    """

    words: str
    hint: str
    colours: list[tuple[float, float, float, float]]
    low: float = 0.0
    high: float = float("nan")
    neutral: float = float("nan")
    unit: str = ""


MAPS = {
    "coverage": MapLook(
        "coverage S",
        "How much is written back to each unit: 1 everywhere if nothing is bent. "
        "Red: little or nothing arrives; blue: several values are averaged.",
        COVERAGE, 0.0, 2.0, neutral=1.0,
    ),
    "filled": MapLook(
        "filled by the decoder",
        "Share of the value that was not written but filled in from around.",
        AMOUNT, 0.0, 1.0,
    ),
    "round trip": MapLook(
        "round-trip error",
        "What bending the image and bending it back loses although nothing was "
        "computed in between; in standard deviations of the image.",
        AMOUNT, unit="sd",
    ),
    "density": MapLook(
        "log density",
        "Logarithm of the area that a unit reads over its area at rest. Blue: "
        "magnified, read in more detail; orange: shrunk, read in less; 0.69 is twice "
        "the area.",
        DENSITY, -2.0, 2.0, neutral=0.0,
    ),
    "magnitude": MapLook(
        "displacement",
        "How far from its place at rest a unit reads.",
        AMOUNT, unit="px",
    ),
    "reads": MapLook(
        "how often read",
        "How many units read each part of the image: 1 everywhere if nothing is "
        "bent. Red parts are hardly looked at, blue ones more than once.",
        COVERAGE, 0.0, 2.0, neutral=1.0,
    ),
    "change": MapLook(
        "change of the prediction",
        "Red: boundary only with what is compared; blue: boundary only without.",
        CHANGE, -1.0, 1.0, neutral=0.0,
    ),
}  # fmt: skip


def colours_of(kind: str) -> Colormap:
    """Return a map's colours; what has no value is clear."""
    from napari.utils.colormaps import Colormap

    look = MAPS[kind]
    at = [float(x) for x in np.linspace(0, 1, len(look.colours))]
    if look.colours is COVERAGE:
        at = COVERAGE_AT
    # napari knows colour maps by name: two of one name would be one.
    name = f"DTN {look.words}"
    return Colormap(np.array(look.colours), controls=at, name=name, nan_color=CLEAR)


def limits_of(kind: str, values: np.ndarray) -> tuple[float, float]:
    """Return the range of a map's colours."""
    look = MAPS[kind]
    known = np.asarray(values)[np.isfinite(values)]
    if np.isfinite(look.neutral):
        # A shipped model's warps are gentle: on the whole range nothing would show.
        apart = np.abs(known - look.neutral)
        # Of a large map a few pixels don't set the range.
        far = float(np.percentile(apart, 99.9)) if known.size else 0.0
        reach = min(look.high - look.neutral, max(LEAST, np.ceil(far * 20) / 20))
        return look.neutral - reach, look.neutral + reach
    if np.isfinite(look.high):
        return look.low, look.high
    return look.low, max(float(known.max(initial=0.0)), look.low + 1e-3)


def adapts(kind: str) -> bool:
    """Return whether the range of a map's colours follows its values."""
    look = MAPS[kind]
    return bool(np.isfinite(look.neutral) or np.isnan(look.high))


def map_spec(
    kind: str, values: np.ndarray, frame: MapFrame, level: int, source: Source
) -> LayerSpec:
    """Return a map (h, w) over the image, clear where it is NaN."""
    return LayerSpec(
        "image",
        kind,
        f"{source.image.name}: {MAPS[kind].words}, level {level}",
        plane(np.asarray(values, np.float32), source),
        placed_at(frame.origin_px, source, frame.pitch_px),
        {
            "colormap": colours_of(kind),
            "contrast_limits": limits_of(kind, values),
            "blending": "translucent_no_depth",
            "interpolation2d": "nearest",
        },
    )


def polygon_spec(
    role: str,
    words: str,
    polygons: list[np.ndarray],
    colour: str,
    width: float,
    source: Source,
) -> LayerSpec:
    """Return the sides of polygons (n, 2), source px, as lines."""
    starts = [np.asarray(p, float) for p in polygons]
    ends = [np.roll(p, -1, 0) for p in starts]
    none = np.zeros((0, 2))
    data = segments_px(
        np.concatenate(starts) if starts else none,
        np.concatenate(ends) if ends else none,
        source,
    )
    look: dict[str, Any] = {
        "vector_style": "line", "edge_color": colour, "edge_width": width,
        "opacity": 1.0,
    }  # fmt: skip
    name = f"{source.image.name}: {words}"
    return LayerSpec("vectors", role, name, data, source.frame.placed(), look)
