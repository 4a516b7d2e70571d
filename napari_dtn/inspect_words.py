"""What is looked at, in one sentence. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain, LearnedPatch

LITTLE_PX = 0.5  # on average; nobody sees less


def describe_warp(
    chain: Chain,
    level: int,
    tile: int,
    count: int,
    pixel_nm: float | None = None,
    changed: str = "",
) -> str:
    """Return what the transformers down to a level do to a tile, for people.

    Parameters
    ----------
    chain : Chain
        All warps of the tile.
    level : int
        Which transformer, composed with the shallower ones.
    tile, count : int
        Index of the tile from 0, and how many there are.
    pixel_nm : float or None
        Size of a source pixel.
    changed : str
        How the person has changed the warp, such as ``"at strength 0.50"``; empty
        where it is the network's own, about which alone something can be said.
    """
    shift = chain.units_px(level) - chain.rest_px(level)
    length = np.linalg.norm(shift, axis=-1)
    mean, most = float(length.mean()), float(length.max())
    size = f" ({mean * pixel_nm:.0f} nm)" if pixel_nm else ""
    head = f"Level {level}, tile {tile + 1} of {count}: "
    if changed:
        head = f"{head}{changed} the warp "
    words = (
        f"{head}bends space by {mean:.1f} px{size} on average, {most:.1f} px at most; "
        f"{_folded(chain, level)}."
    )
    if mean < LITTLE_PX and not changed:
        words += " Here this transformer does next to nothing."
    return words


def describe_patch(patch: LearnedPatch) -> str:
    """Return how a learned patch differs from the regular square, for people."""
    y, x = patch.at_px
    head = f"Pixel (y {y:.0f}, x {x:.0f}): "
    if not patch.reached:
        return (
            f"{head}no unit reads it; the decoder fills it from around. Drawn is the "
            "patch that reads nearest by."
        )
    off = float(np.hypot(*patch.offset_px))
    words = (
        f"{head}reads {patch.area_ratio:.2f} times the area of the regular square, "
        f"{off:.1f} px away from it"
    )
    if patch.elongation >= 1.1:
        words += (
            f", stretched {patch.elongation:.2f} : 1 along {patch.orientation_deg:.0f}°"
        )
    if patch.folded:
        words += "; the warp folds over here"
    return words + "."


def _folded(chain: Chain, level: int) -> str:
    mesh = chain.mesh(level)
    h, w = mesh.out_size
    middles = np.stack(np.meshgrid(np.arange(h - 1), np.arange(w - 1), indexing="ij"))
    share = float((mesh.determinant(middles.transpose(1, 2, 0) + 0.5) <= 0).mean())
    if share == 0:
        return "nothing folded"
    return f"{max(0.1, 100 * share):.1f} % folded over"
