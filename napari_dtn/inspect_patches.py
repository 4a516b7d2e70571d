"""Learned patches as descriptions of layers, and their figures in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_dtn.inspect_filling import ROWS, RUNS, filling
from napari_dtn.inspect_layers import segments_px
from napari_dtn.inspect_marks import number, squares
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.inspection import LearnedPatch

LEARNED, REGULAR, PINNED = (1.0, 0.42, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0), "#00e5ff"
OF_LEVELS = (LEARNED, (0.35, 0.85, 0.35, 1.0), (1.0, 0.45, 0.85, 1.0))  # deepest first
FAINT = 0.22
COLUMNS = ("y", "x", "area", "stretch", "angle", "shift")
HINTS = (
    "Area: over that of the regular square. Stretch: long over short axis. Angle of "
    "the long axis, degrees, counterclockwise from the right. Shift: distance of the "
    "middles of both, px."
)


def patch_segments(patches: Sequence[LearnedPatch], source: Source) -> np.ndarray:
    """Return for each patch the regular square, the learned outline and its filling."""
    width = min(line_width(patch) for patch in patches)
    lines = []
    for patch in patches:
        lines += [_closed(patch.square_px, source), _closed(patch.outline_px, source)]
        lines.append(segments_px(*filling(patch.outline_px, width), source))
    return np.concatenate(lines)


def patch_colours(patches: Sequence[LearnedPatch]) -> np.ndarray:
    """Return the colours (n, 4) of `patch_segments`."""
    colours = []
    for index, patch in enumerate(patches):
        own = OF_LEVELS[index % len(OF_LEVELS)]
        colours += [REGULAR] * len(patch.square_px) + [own] * len(patch.outline_px)
        colours += [(*own[:3], FAINT)] * (ROWS * RUNS)
    return np.array(colours)


def patch_spec(patches: Sequence[LearnedPatch], source: Source) -> LayerSpec:
    """Return the layer of the patches under the cursor, the deepest level first.

    Squares are white; the patches are orange, green, pink, and faintly filled.
    """
    width = min(line_width(patch) for patch in patches)
    return LayerSpec(
        "vectors", "patch", "inspect: learned patch",
        patch_segments(patches, source), source.frame.placed(),
        {"vector_style": "line", "edge_color": patch_colours(patches),
         "edge_width": width, "opacity": 1.0},
    )  # fmt: skip


def pinned_specs(patches: Sequence[LearnedPatch], source: Source) -> list[LayerSpec]:
    """Return the pinned patches, each with a mark on its pixel and its number."""
    if not patches:
        return []
    width = max(line_width(patch) for patch in patches)
    lines = [_closed(patch.outline_px, source) for patch in patches]
    for index, patch in enumerate(patches):
        at = np.array([patch.at_px])
        lines.append(segments_px(*squares(at, 2 * width), source))
        digits = number(index + 1, at[0] + (-4 * width, 3 * width), 8 * width)
        lines.append(segments_px(*digits, source))
    look = {"vector_style": "line", "edge_color": PINNED, "edge_width": width}
    return [
        LayerSpec(
            "vectors", "pinned", "inspect: pinned patches", np.concatenate(lines),
            source.frame.placed(), look,
        )
    ]  # fmt: skip


def patch_row(patch: LearnedPatch) -> tuple[str, ...]:
    """Return the cells of a patch in the table, by `COLUMNS`."""
    y, x = patch.at_px
    return (
        f"{y:.0f}", f"{x:.0f}", f"{patch.area_ratio:.2f}", f"{patch.elongation:.2f}",
        f"{patch.orientation_deg:.0f}" if patch.elongation >= 1.02 else "–",
        f"{float(np.hypot(*patch.offset_px)):.1f}",
    )  # fmt: skip


def line_width(patch: LearnedPatch) -> float:
    """Return how wide a patch is drawn, source px: a share of its side."""
    return max(0.2, 0.045 * float(np.sqrt(patch.square_area_px)))


def _closed(outline: np.ndarray, source: Source) -> np.ndarray:
    return segments_px(outline, np.roll(outline, -1, 0), source)
