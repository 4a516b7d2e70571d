"""Learned patches as descriptions of layers, and their figures in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_dtn.inspect_layers import segments_px
from napari_dtn.inspect_marks import number, squares
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.inspection import LearnedPatch

LEARNED, REGULAR, PINNED = (1.0, 0.42, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0), "#00e5ff"
COLUMNS = ("y", "x", "area", "stretch", "angle", "shift")
HINTS = (
    "Area: over that of the regular square. Stretch: long over short axis. Angle of "
    "the long axis, degrees, counterclockwise from the right. Shift: distance of the "
    "middles of both, px."
)


def patch_segments(patch: LearnedPatch, source: Source) -> np.ndarray:
    """Return the regular square, then the learned patch, as vectors."""
    lines = [
        _closed(outline, source) for outline in (patch.square_px, patch.outline_px)
    ]
    return np.concatenate(lines)


def patch_spec(patch: LearnedPatch, source: Source) -> LayerSpec:
    """Return the layer of the patch under the cursor: square white, patch orange."""
    colours = [REGULAR] * len(patch.square_px) + [LEARNED] * len(patch.outline_px)
    return LayerSpec(
        "vectors", "patch", "inspect: learned patch",
        patch_segments(patch, source), source.frame.placed(),
        {"vector_style": "line", "edge_color": np.array(colours),
         "edge_width": line_width(patch), "opacity": 1.0},
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
