"""The figures of one image's findings, each with words that say how to read it."""

from __future__ import annotations

import numpy as np

from dense_transformer.inference.files import file_name
from dense_transformer.inspection.export.captions import Captioned
from dense_transformer.inspection.export.colours import (
    BOUNDARY,
    TILE,
    ColourMap,
    number,
)
from dense_transformer.inspection.export.display import LARGEST_PX, shown_pixels
from dense_transformer.inspection.export.drawing import (
    Colour,
    Mark,
    Paths,
    rectangle,
)
from dense_transformer.inspection.export.furniture import Entry
from dense_transformer.inspection.export.ground import ONE_COLUMN, Ground, arrows
from dense_transformer.inspection.export.map_figure import (
    draw_image,
    draw_map,
    map_panel,
)
from dense_transformer.inspection.export.tile_pictures import (
    picture_density,
    picture_round_trip,
    picture_warp,
)
from dense_transformer.inspection.export.words import length_text
from dense_transformer.inspection.findings import Alternative, Findings
from dense_transformer.inspection.patches import LearnedPatch
from dense_transformer.types import Array, LevelMaps

_WIDE = 1.5 * ONE_COLUMN


_ARROWS = 11  # along the image's longer side


def draw_pictures(
    found: Findings, patches: tuple[LearnedPatch, ...]
) -> tuple[Captioned, ...]:
    """Return all figures of one image."""
    return (
        picture_warp(found, patches),
        picture_overview(found),
        picture_shift(found),
        picture_prediction(found),
        picture_density(found),
        picture_coverage(found),
        picture_round_trip(found),
        *(picture_change(found, other) for other in found.alternatives),
    )


def whole_ground(found: Findings) -> Ground:
    """Return the whole image as the ground of figures."""
    pixels = shown_pixels(found.image, found.section)
    return Ground(pixels, (0, 0, *found.image.size), found.pixel_nm)


def picture_overview(found: Findings) -> Captioned:
    """Return the image, what was found in it, and where space is bent."""
    ground, maps = whole_ground(found), _maps(found)
    panel = map_panel(ground, _WIDE)
    shift = maps.displacement_px
    step = max(1, -(-max(shift.shape[:2]) // _ARROWS))
    at = _centres(maps)[step // 2 :: step, step // 2 :: step].reshape(-1, 2)
    by = shift[step // 2 :: step, step // 2 :: step].reshape(-1, 2).astype(np.float64)
    amount = np.hypot(*by.T)
    spacing = step * min(maps.pitch_px)
    longest = float(amount.max(initial=0.0))
    factor = _round_factor(spacing / longest) if longest > 0 else 1.0
    colours = ColourMap("trace", 0.0, max(longest, 1e-9))
    over: list[Mark] = [
        Paths(
            (panel.place(rectangle(found.chain.box_px)),),
            TILE,
            1.2,
            closed=True,
            clip=panel.box,
        ),
        *arrows(panel, at, at + factor * by, amount, colours),
    ]
    times = f"{number(factor)} times as long" if factor > 1.0 else "as long as it is"
    keys = (
        Entry("line", (68, 191, 112), f"shift, drawn {times}"),
        Entry("line", TILE, f"tile {found.tile_number}"),
    )
    drawing = draw_image(
        ground, over=over, keys=keys, title="Displacement", wide=_WIDE,
        bar=(colours, "shift (px)"),
    )  # fmt: skip
    numbers = next(n for n in found.numbers if n.level == found.level)
    words = (
        "Each arrow begins where a unit of the network's map belongs and points to "
        f"where it reads instead. The shift is drawn {times}. The largest of all "
        "units, of which few have an arrow, is "
        f"{length_text(numbers.largest_px, numbers.largest_nm)}. The "
        f"yellow frame is tile {found.tile_number}, shown closely below."
    )
    return Captioned("overview", drawing, words)


def picture_shift(found: Findings) -> Captioned:
    """Return how far each part of the image is looked for elsewhere."""
    maps = _maps(found)
    amount = np.hypot(*np.moveaxis(maps.displacement_px.astype(np.float64), -1, 0))
    colours = ColourMap("amount", 0.0, float(max(amount.max(), 1e-9)))
    drawing = draw_map(
        _plain(found), _cut(amount, maps, found), colours, "shift (px)",
        title="Displacement",
    )  # fmt: skip
    words = (
        "How far from its own place each part of the image is read. Tiles are warped "
        "one by one and blended where they overlap: squares as large as a tile show "
        "that, they are nothing in the image. A uniform colour means that the whole "
        "tile is shifted alike."
    )
    return Captioned("shift", drawing, words)


def picture_coverage(found: Findings) -> Captioned:
    """Return how much the decoder writes back to each part of the image."""
    maps = _maps(found)
    coverage = maps.coverage.astype(np.float64)
    reach = max(0.1, float(np.abs(coverage - 1.0).max()))
    colours = ColourMap("coverage", 1.0 - min(reach, 1.0), 1.0 + min(reach, 1.0))
    drawing = draw_map(
        _plain(found), _cut(coverage, maps, found), colours, "coverage S",
        title="Coverage",
    )  # fmt: skip
    holes = float((coverage < 0.1).mean())
    words = (
        "S of the paper's equation 6: how much the decoder writes to each unit. White "
        "(1) is even; red is written little, blue much, as the warp reads there "
        "less or more densely. Below 0.1 is a hole that is filled from its "
        f"neighbours: here {number(100 * holes)} % of the units."
    )
    return Captioned("coverage", drawing, words)


def picture_change(found: Findings, other: Alternative) -> Captioned:
    """Return how another prediction differs from the learned one."""
    step = _step(other.change.difference)
    change = other.change.difference[::step, ::step]
    reach = max(0.02, other.change.largest)
    drawing = draw_map(
        _plain(found),
        change,
        ColourMap("signed", -reach, reach),
        "change",
        title=f"Change {other.what}",
    )
    words = (
        f"Probability {other.what} less that as learned: red where it rises, "
        f"blue where it falls, at most by {number(other.change.largest, 2)}. "
        "White means that the prediction stays as it is."
    )
    return Captioned(f"change-{file_name(other.name)}", drawing, words)


def picture_prediction(found: Findings) -> Captioned:
    """Return the image with the border of what was found."""
    ground = whole_ground(found)
    step = _step(found.prediction.labels)
    found_there = found.prediction.labels[::step, ::step] == len(
        found.prediction.classes
    )
    shown = tint(ground.pixels, found_there, BOUNDARY)
    tinted = Ground(shown, ground.box_px, ground.pixel_nm)
    what = found.prediction.classes[-1]
    keys = (Entry("area", BOUNDARY, f"found to be {what}"),)
    drawing = draw_image(tinted, keys=keys, title="Prediction")
    words = f"The image; orange is what the model finds to be {what}."
    return Captioned("prediction", drawing, words)


def _maps(found: Findings) -> LevelMaps:
    return next(m for m in found.prediction.levels if m.level == found.level)


def _centres(maps: LevelMaps) -> Array:
    """Return the centres of a mosaic's units, (h, w, 2), source px."""
    axes = [
        (np.arange(n) + 0.5) * pitch - 0.5
        for n, pitch in zip(maps.coverage.shape, maps.pitch_px, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1)


def _cut(values: Array, maps: LevelMaps, found: Findings) -> Array:
    """Return a mosaic in pixels that end exactly where the image does."""
    (height, width), pitch = found.image.size, maps.pitch_px
    step = _step(found.prediction.labels)
    y = np.minimum((np.arange(0, height, step) + 0.5) // pitch[0], len(values) - 1)
    x = np.minimum((np.arange(0, width, step) + 0.5) // pitch[1], values.shape[1] - 1)
    return np.asarray(values[np.ix_(y.astype(int), x.astype(int))])


def _plain(found: Findings) -> Ground:
    """Return the whole image as a place, without its pixels."""
    nothing = np.zeros((1, 1), np.uint8)
    return Ground(nothing, (0, 0, *found.image.size), found.pixel_nm)


def _round_factor(factor: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten up to `factor`; at least 1."""
    power = 10.0 ** np.floor(np.log10(max(factor, 1.0)))
    return float(
        max(k for k in (1.0, 2.0, 5.0) if k * power <= max(factor, 1.0)) * power
    )


def _step(pixels: Array) -> int:
    return max(1, -(-int(max(pixels.shape[:2])) // LARGEST_PX))


def tint(pixels: Array, where: Array, colour: Colour) -> Array:
    """Return pixels as RGB with a colour laid over those that are `where` (h, w)."""
    rgb = np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels.copy()
    mixed = 0.45 * rgb[where] + 0.55 * np.array(colour)
    rgb[where] = np.rint(mixed).astype(np.uint8)
    return rgb
