"""Figures of the one tile that is looked at closely, and how to read them."""

from __future__ import annotations

import numpy as np

from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.coverage import (
    RoundTrip,
    coverage_report,
    level_image,
    round_trip,
)
from dense_transformer.inspection.export.captions import Captioned
from dense_transformer.inspection.export.colours import (
    FOLD,
    ColourMap,
    number,
)
from dense_transformer.inspection.export.display import shown_pixels
from dense_transformer.inspection.export.drawing import (
    Mark,
    Paths,
)
from dense_transformer.inspection.export.furniture import Entry
from dense_transformer.inspection.export.ground import Ground
from dense_transformer.inspection.export.map_figure import (
    draw_map,
    map_panel,
)
from dense_transformer.inspection.export.warp_figure import (
    WarpMarks,
    draw_warp,
)
from dense_transformer.inspection.findings import Findings
from dense_transformer.inspection.folds import density
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.inspection.grids import fiducial_arrows, grid_lines
from dense_transformer.inspection.patches import LearnedPatch, learned_patch
from dense_transformer.inspection.projection import project
from dense_transformer.types import Array, Box

PATCHES = 4  # along a tile's side


def tile_ground(found: Findings) -> Ground:
    """Return the part of the image under the tile that is looked at closely."""
    box = tile_box(found.chain, found.image.size)
    return Ground(shown_pixels(found.image, found.section, box), box, found.pixel_nm)


def tile_box(chain: Chain, size: tuple[int, int]) -> Box:
    """Return a tile's pixels within an image of `size`."""
    top, left, bottom, right = (round(edge + 0.5) for edge in chain.box_px)
    return max(top, 0), max(left, 0), min(bottom, size[0]), min(right, size[1])


def tile_patches(found: Findings) -> tuple[LearnedPatch, ...]:
    """Return the learned patches at regular places of the tile."""
    top, left, bottom, right = tile_box(found.chain, found.image.size)
    steps = (np.arange(PATCHES) + 0.5) / PATCHES
    return tuple(
        learned_patch(
            found.chain,
            (top + y * (bottom - top) - 0.5, left + x * (right - left) - 0.5),
            found.level,
        )
        for y in steps
        for x in steps
    )


def picture_warp(found: Findings, patches: tuple[LearnedPatch, ...]) -> Captioned:
    """Return the figure of a paper: grid, fiducials and learned patches of a tile."""
    drawing = draw_warp(
        tile_ground(found),
        warp_marks(found.chain, found.level, patches),
        f"Warp of tile {found.tile_number} at level {found.level}",
    )
    words = (
        f"Tile {found.tile_number}, level {found.level}, at true scale. Left: the "
        "straight grid of the warped map as it lies in the image; circles are "
        "fiducials at rest, dots what they read. Where the grid is wide the network "
        "looks with less detail, where it is narrow with more. Right: what the "
        "convolution after the transformer reads for one pixel, beside the square that "
        "a plain U-Net reads for the same pixel. Where both coincide, the "
        "transformer makes no difference."
    )
    return Captioned("warp", drawing, words)


def warp_marks(
    chain: Chain, level: int, patches: tuple[LearnedPatch, ...] = ()
) -> WarpMarks:
    """Return what is drawn of one tile's warp, composed, in source px."""
    pairs = fiducial_arrows(chain, level)
    frame = chain.warped_frame(level)
    lines = grid_lines(chain, level, 2 * max(frame.pitch_px))
    middle = lines.mean(1)
    rest = chain.image_px_to_units(middle, level) * frame.pitch_px + frame.origin_px
    shift = np.nan_to_num(np.hypot(*(middle - rest).T))
    return WarpMarks(
        lines,
        shift,
        pairs.start_px,
        pairs.start_px + pairs.shift_px,
        tuple(patch.outline_px for patch in patches),
        tuple(patch.square_px for patch in patches),
    )


def picture_density(found: Findings) -> Captioned:
    """Return where a tile is read with more or less detail, and its folds."""
    dense = density(found.chain, found.level)
    values, frame = project(
        found.chain, dense.log_jacobian, found.level, "cells", finer=4
    )
    known = np.abs(values[np.isfinite(values)])
    reach = max(0.1, float(known.max(initial=0.0)))
    ground = _framed(values, frame, found)
    over: tuple[Mark, ...] = ()
    keys: tuple[Entry, ...] = ()
    if len(dense.folded_px):
        panel = map_panel(ground)
        cells = tuple(panel.place(cell) for cell in dense.folded_px)
        over = (Paths(cells, FOLD, 1.0, fill=FOLD, closed=True, clip=panel.box),)
        keys = (Entry("area", FOLD, "folded"),)
    drawing = draw_map(
        ground, values, ColourMap("density", -reach, reach), "log area",
        over=over, keys=keys, title="Density",
    )  # fmt: skip
    words = (
        f"Tile {found.tile_number}: natural logarithm of the area that is read over "
        "the area at rest. 0 (white): as in a plain U-Net. Orange, above 0: a wider "
        "area is squeezed together, less detail. Blue: magnified. "
        + (
            f"{len(dense.folded_px)} cells (pink) are folded: the image is read "
            "turned over there."
            if len(dense.folded_px)
            else "Nothing is folded."
        )
        + ("" if np.isfinite(values).all() else " Gray is read by nothing.")
    )
    return Captioned("density", drawing, words)


def tile_round_trip(found: Findings) -> RoundTrip:
    """Return what gather then splat loses of the tile's own image."""
    pair = next(p for p in found.model.config.transformers if p.level == found.level)
    pixels = found.tile_pixels * 2.0 - 1.0
    pixels = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    image = level_image(found.chain, pixels, found.level)
    return round_trip(
        found.chain, image, found.level, decoder=pair.decoder, kernel=pair.kernel
    )


def picture_round_trip(found: Findings) -> Captioned:
    """Return what is lost of a tile although nothing was computed in between."""
    trip = tile_round_trip(found)
    values, frame = project(found.chain, trip.error, found.level, "input", finer=4)
    colours = ColourMap("amount", 0.0, float(max(np.nanmax(values), 1e-6)))
    drawing = draw_map(
        _framed(values, frame, found), values, colours, "error", title="Round trip"
    )
    words = (
        f"Tile {found.tile_number}, shrunk to the units of level {found.level}, "
        "warped and put back although nothing was computed in between. What remains "
        "is lost by interpolation alone, where 2 is the step from dark to bright. Over "
        f"the tile it is {number(100 * trip.relative, 2)} % of the image's own "
        "variation."
    )
    return Captioned("round-trip", drawing, words)


def coverage_words(found: Findings) -> str:
    """Return what the tile's decoder can't restore."""
    report = coverage_report(found.chain, found.level)
    return (
        f"In tile {found.tile_number} the smallest coverage is "
        f"{number(report.smallest)}, {number(100 * report.hole_share)} % of the units "
        f"are holes and {number(100 * report.lost_share)} % of what is written falls "
        "outside of the tile."
    )


def _framed(values: Array, frame: MapFrame, found: Findings) -> Ground:
    """Return the place of a map (h, w) in the image."""
    top, left = (
        round(o - p / 2 + 0.5)
        for o, p in zip(frame.origin_px, frame.pitch_px, strict=True)
    )
    bottom = top + round(values.shape[0] * frame.pitch_px[0])
    right = left + round(values.shape[1] * frame.pitch_px[1])
    nothing = np.zeros((1, 1), np.uint8)
    return Ground(nothing, (top, left, bottom, right), found.pixel_nm)
