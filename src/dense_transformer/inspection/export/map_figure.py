"""Figures of one panel: an image or a map with its colour bar and scale bar."""

from __future__ import annotations

from collections.abc import Sequence

from dense_transformer.inspection.export.colours import ColourMap
from dense_transformer.inspection.export.drawing import (
    BoxPt,
    Drawing,
    Mark,
    Panel,
    Picture,
)
from dense_transformer.inspection.export.furniture import (
    Entry,
    colour_bar,
    legend_rows,
    scale_bar,
)
from dense_transformer.inspection.export.ground import ONE_COLUMN, Ground
from dense_transformer.types import Array


def draw_map(
    ground: Ground,
    values: Array,
    colours: ColourMap,
    label: str,
    *,
    over: Sequence[Mark] = (),
    keys: Sequence[Entry] = (),
    title: str = "",
    wide: float = ONE_COLUMN,
) -> Drawing:
    """Return a map with its colour bar; `label` names the values and their unit.

    Parameters
    ----------
    ground : Ground
        What part of the image the map covers; its pixels are not shown.
    values : ndarray, shape (h, w)
        NaN where nothing is known; gray in the figure.
    over : sequence of Mark
        Drawn on top of the map, placed by `map_panel`.
    """
    panel = map_panel(ground, wide)
    bottom = panel.box[2]
    marks: list[Mark] = [
        Picture(panel.box, colours.paint(values)),
        *over,
        *scale_bar(panel, ground.pixel_nm),
        *colour_bar(_bar_box(panel), colours, label),
    ]
    height = bottom + 4.0
    if keys:
        marks += legend_rows((bottom + 9.0, 0.0), keys, wide)
        height = bottom + 20.0
    return Drawing((height, wide), tuple(marks), title)


def draw_image(
    ground: Ground,
    *,
    over: Sequence[Mark] = (),
    keys: Sequence[Entry] = (),
    title: str = "",
    wide: float = ONE_COLUMN,
    bar: tuple[ColourMap, str] | None = None,
) -> Drawing:
    """Return an image with marks on top, placed by `map_panel`, and a scale bar.

    `bar` holds the colours of the marks and what they mean, with its unit.
    """
    panel = map_panel(ground, wide)
    bottom = panel.box[2]
    marks: list[Mark] = [
        Picture(panel.box, ground.pixels, smooth=True),
        *over,
        *scale_bar(panel, ground.pixel_nm),
    ]
    if bar is not None:
        marks += colour_bar(_bar_box(panel), *bar)
    if keys:
        marks += legend_rows((bottom + 9.0, 0.0), keys, wide)
    return Drawing((bottom + (20.0 if keys else 2.0), wide), tuple(marks), title)


def _bar_box(panel: Panel) -> BoxPt:
    """Return where a colour bar lies: to the right of a map."""
    top, _, bottom, right = panel.box
    return top + 14.0, right + 7.0, min(bottom, top + 130.0), right + 15.0


def map_panel(ground: Ground, wide: float = ONE_COLUMN) -> Panel:
    """Return where `draw_map` and `draw_image` show the image, to place marks in."""
    width = wide - 48.0
    return Panel((2.0, 0.0, 2.0 + width * ground.aspect, width), ground.view_px)
