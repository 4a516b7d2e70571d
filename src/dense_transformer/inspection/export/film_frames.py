"""Frames of the film of one tile: its grid, what the network sees, what it finds."""

from __future__ import annotations

import numpy as np

from dense_transformer.inspection.export.colours import BOUNDARY, ColourMap
from dense_transformer.inspection.export.drawing import (
    Drawing,
    Mark,
    Panel,
    Picture,
    Text,
)
from dense_transformer.inspection.export.furniture import SMALL, scale_bar
from dense_transformer.inspection.export.ground import Ground, shaded
from dense_transformer.inspection.export.pictures import tint
from dense_transformer.inspection.export.raster import to_pixels
from dense_transformer.inspection.export.tile_pictures import (
    tile_box,
    tile_ground,
    warp_marks,
)
from dense_transformer.inspection.export.warp_figure import fiducial_marks
from dense_transformer.inspection.findings import Findings, Moment
from dense_transformer.inspection.warped_image import warped_image
from dense_transformer.types import Array

WIDE, GAP = 180.0, 8.0  # of a panel and between two, points
DPI = 90


def film_frames(found: Findings) -> tuple[Array, ...]:
    """Return a frame (h, w, 3), uint8, for each of the moments of the findings."""
    ground = tile_ground(found)
    last = warp_marks(found.moments[-1].chain, found.level)
    top = float(max(last.displacement_px.max(), 1e-9))
    colours = ColourMap("trace", 0.0, top)
    return tuple(
        to_pixels(_draw(found, moment, ground, colours), DPI)
        for moment in found.moments
    )


def seen_pixels(found: Findings, strength: float) -> Array:
    """Return the tile as what lies below its transformer sees it, uint8.

    The part of it that lies in the image; gray where nothing is read.
    """
    normal = 2.0 * found.tile_pixels - 1.0  # beyond the tile the network reads 0
    seen = warped_image(found.chain, normal, level=found.level, strength=strength)
    shades = np.rint(((seen + 1.0) * 127.5).clip(0, 255)).astype(np.uint8)
    box, warp = tile_box(found.chain, found.image.size), found.chain.warp(found.level)
    edges = [
        round(edge / warp.image_scale[side % 2]) - warp.tile_px[side % 2]
        for side, edge in enumerate(box)
    ]
    cut = shades[edges[0] : edges[2], edges[1] : edges[3]]
    return cut[..., :3] if cut.ndim == 3 and cut.shape[2] >= 3 else _first(cut)


def _first(pixels: Array) -> Array:
    return pixels if pixels.ndim == 2 else pixels[..., 0]


def _draw(
    found: Findings, moment: Moment, ground: Ground, colours: ColourMap
) -> Drawing:
    tall = WIDE * ground.aspect
    marks = warp_marks(moment.chain, found.level)
    foreground = moment.probability >= 0.5
    seen = seen_pixels(found, moment.strength)
    shown = [ground.pixels, seen, tint(ground.pixels, foreground, BOUNDARY)]
    heads = ("where it reads", "what it sees", f"{found.prediction.classes[-1]} found")
    drawn: list[Mark] = []
    for index, (pixels, head) in enumerate(zip(shown, heads, strict=True)):
        left = index * (WIDE + GAP)
        panel = Panel((13.0, left, 13.0 + tall, left + WIDE), ground.view_px)
        drawn += [
            Text((9.0, left), head, SMALL + 1),
            Picture(panel.box, pixels, smooth=True),
        ]
        if index == 0:
            grid = panel.place(marks.grid)
            drawn += shaded(grid, marks.displacement_px, colours, panel.box, 0.9)
            drawn += fiducial_marks(panel, marks)
        drawn += scale_bar(panel, found.pixel_nm)
    width = 3 * WIDE + 2 * GAP
    state = {0.0: "identity", 1.0: "as learned"}.get(moment.strength, "")
    words = f"warp {moment.strength:.2f} {state}".rstrip()
    drawn.append(Text((9.0, width), words, SMALL + 1, anchor="end"))
    return Drawing((tall + 15.0, width), tuple(drawn))
