"""The warp of one tile as descriptions of layers: linked pairs, arrows, grid.

Pure: makes arrays and plain values, touches no viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dense_transformer.types import Box
from napari_dtn.inspect_layers import segments_px
from napari_dtn.inspect_marks import WIDTH_OF_DISC, discs, squares
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain

ARROWS = 14  # in a row of a tile; more hide the image
FAINT, BRIGHT = "#b8b8b8", "#ffffff"
LOOKS: dict[str, dict[str, Any]] = {
    "tiles": {"vector_style": "line", "edge_color": FAINT, "opacity": 0.55},
    "tile": {"vector_style": "line", "edge_color": BRIGHT, "opacity": 0.9},
    "grid": {"vector_style": "line", "edge_color": "#4fe3a5", "opacity": 0.8},
    "arrows": {
        "vector_style": "arrow",
        "edge_color": "length_px",
        "edge_colormap": "plasma",
        "opacity": 1.0,
    },
    "links": {"vector_style": "line", "edge_color": "#ffd400", "opacity": 0.9},
    "lattice": {"vector_style": "line", "edge_color": BRIGHT, "opacity": 1.0},
    "fiducials": {"vector_style": "line", "edge_color": "#ffd400", "opacity": 1.0},
}
WORDS = {
    "tiles": "all tiles",
    "tile": "tile looked at",
    "grid": "warped grid",
    "arrows": "displacement",
    "links": "links",
    "lattice": "lattice",
    "fiducials": "fiducials",
}


def tile_specs(tiles: Sequence[Box], tile: int, source: Source) -> list[LayerSpec]:
    """Return all tiles, faint, and the one that is looked at."""
    width = max(1.0, min(source.image.size) / 500)
    every = np.concatenate([_box(box, source) for box in tiles])
    specs = [_spec("tiles", every, source, edge_width=width)]
    chosen = _box(tiles[tile], source)
    return [*specs, _spec("tile", chosen, source, edge_width=1.5 * width)]


def warp_specs(
    chain: Chain, level: int | None, source: Source, lengthen: float = 1.0
) -> list[LayerSpec]:
    """Return grid, arrows, links, lattice and fiducials of one level of a tile.

    Parameters
    ----------
    chain : Chain
        All warps of the tile.
    level : int or None
        Which of them; drawn through all shallower ones.
    source : Source
        The image; everything lies in its frame.
    lengthen : float
        Arrows are drawn so many times as long as the shift is.
    """
    from dense_transformer.inspection import displacement, fiducial_arrows, grid_lines

    top, left, bottom, right = chain.box_px
    spacing = min(bottom - top, right - left) / ARROWS
    lines = grid_lines(chain, level, spacing)
    arrows = displacement(chain, level, ARROWS)
    pairs = fiducial_arrows(chain, level)
    lattice, fiducials = pairs.start_px, pairs.start_px + pairs.shift_px
    dot = max(3.0, spacing / 2.2)
    return [
        _spec(
            "grid", segments_px(lines[:, 0], lines[:, 1], source), source,
            edge_width=spacing / 18,
        ),
        _spec(
            "arrows",
            segments_px(
                arrows.start_px, arrows.start_px + lengthen * arrows.shift_px, source
            ),
            source, {"length_px": arrows.length_px.astype(np.float32)},
            edge_width=spacing / 9,
            edge_contrast_limits=_limits(chain, level, arrows.length_px),
        ),
        _spec(
            "links", segments_px(lattice, fiducials, source), source,
            edge_width=dot / 5,
        ),
        _spec(
            "lattice", segments_px(*squares(lattice, 0.8 * dot), source), source,
            edge_width=dot / 8,
        ),
        _spec(
            "fiducials", segments_px(*discs(fiducials, dot), source), source,
            edge_width=dot * WIDTH_OF_DISC,
        ),
    ]  # fmt: skip


def seen_length(chain: Chain, level: int | None) -> int:
    """Return by how much to lengthen a tile's arrows: 1 to 10.

    The mean arrow then spans at most three quarters of the way to the next one.
    """
    top, left, bottom, right = chain.box_px
    spacing = min(bottom - top, right - left) / ARROWS
    shift = chain.units_px(level) - chain.rest_px(level)
    mean = max(1e-3, float(np.linalg.norm(shift, axis=-1).mean()))
    return int(np.clip(0.75 * spacing / mean, 1, 10))


def _limits(
    chain: Chain, level: int | None, arrows_px: np.ndarray
) -> tuple[float, float]:
    """Return 0 and the largest shift, px, of any unit or any arrow between them."""
    shift = chain.units_px(level) - chain.rest_px(level)
    largest = float(np.linalg.norm(shift, axis=-1).max())
    return 0.0, max(1e-3, largest, float(arrows_px.max()))


def _box(box: Box, source: Source) -> np.ndarray:
    """Return the four sides of a box, on the edges of its pixels."""
    top, left, bottom, right = np.array(box, float) - 0.5
    corners = np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
    return segments_px(corners, np.roll(corners, -1, 0), source)


def _spec(
    role: str,
    data: np.ndarray,
    source: Source,
    features: dict[str, np.ndarray] | None = None,
    **look: Any,
) -> LayerSpec:
    look = {**LOOKS[role], **look}
    name = f"inspect: {WORDS[role]}"
    return LayerSpec(
        "vectors", role, name, data, source.frame.placed(), look, features or {}
    )
