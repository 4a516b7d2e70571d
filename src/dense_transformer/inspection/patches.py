"""The learned patch of a pixel: Figure 2 of the DTN paper, in the image's pixels.

The prediction at a pixel comes back from the place of the warped map that reads this
pixel. There the network works on a regular patch, a square of units; the area of the
image that these units were read from is the pixel's learned patch. Without the
transformer the same units would read a square around the pixel: that is what the
plain U-Net reads. Both are areas of units as they lie in the image. What a unit of
the input map itself sees around it, through the convolutions above the transformer,
is the same in both networks and is not drawn; `margin_px` says how much it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.moments import Moments
from dense_transformer.types import Array

LEAST_PIECES = 8  # straight pieces that an edge of a patch is drawn with


@dataclass(frozen=True, slots=True, eq=False)
class LearnedPatch:
    """What the network reads for one pixel at one transformer.

    Attributes
    ----------
    level : int
        1-based level of the transformer.
    at_px : tuple of float
        The pixel, (y, x), source px.
    size_units : int
        Height and width of the regular patch, units of the warped map.
    outline_px : ndarray, shape (n, 2)
        The learned patch, a polygon that isn't closed by a repeated point; clockwise
        as seen where the warp does not mirror. Cut at the border of the warped map,
        beyond which convolutions read nothing.
    square_px : ndarray, shape (4, 2)
        What the plain U-Net reads: as many units of the level around the pixel, cut
        at the border of the tile.
    centre_px : tuple of float
        Centroid of the learned patch.
    offset_px : tuple of float
        From the centroid of the square to that of the learned patch.
    area_px, square_area_px, area_ratio : float
        Areas of both, source px squared, and the learned one's share of the other.
    elongation : float
        Long over short axis of the ellipse with the same second moments: 1 for a
        square or circle, 2 for a rectangle twice as long as wide.
    orientation_deg : float
        Direction of the long axis as seen on screen, counterclockwise from the x
        axis, above -90 to 90; NaN for a patch without one.
    reached : bool
        False where no unit reads the pixel: the decoder fills it from around, and
        the patch is that of the unit which reads nearest by.
    folded : bool
        Whether the warp turns over within the patch; area, elongation and
        orientation then mean little.
    outside_share : float
        Share of the patch that lies outside the tile, where zeros are read.
    """

    level: int
    at_px: tuple[float, float]
    size_units: int
    outline_px: Array
    square_px: Array
    centre_px: tuple[float, float]
    offset_px: tuple[float, float]
    area_px: float
    square_area_px: float
    area_ratio: float
    elongation: float
    orientation_deg: float
    reached: bool
    folded: bool
    outside_share: float


def learned_patch(
    chain: Chain,
    at_px: tuple[float, float],
    level: int | None = None,
    size_units: int = 3,
) -> LearnedPatch:
    """Return the area of the image that the network reads for a pixel.

    Parameters
    ----------
    chain : Chain
        The warps of the pixel's tile.
    at_px : tuple of float
        (y, x), source px, within the tile.
    level : int or None
        Transformer to look at, composed with all shallower ones; None: the deepest.
    size_units : int
        Side of the regular patch on the warped map: 3 is what the convolution right
        after the gather reads; `reach_units` gives all that the pair encloses.

    Notes
    -----
    0.5 ms of one CPU core, 0.8 below another transformer (median of 600 places at
    level 4 of a 224 tile, on a busy machine), whatever the size of the maps: the
    chain keeps what it looked up the first time.
    """
    at = np.asarray(at_px, dtype=np.float64)
    mesh = chain.mesh(level)
    middle = chain.image_px_to_units(at, level)
    reached = bool(np.isfinite(middle).all())
    if not reached:
        middle = _nearest_unit(chain.units_px(level), at)
    limits = np.array([[-0.5, -0.5], np.array(mesh.out_size) - 0.5])
    half = size_units / 2.0
    low, high = np.clip([middle - half, middle + half], *limits)
    outline = chain.units_to_image_px(_ring(low, high, 2 * size_units), level)
    inner = low + (high - low) * _INNER
    square = _plain_square(chain, at, level, size_units)
    moments = Moments(outline)
    area, square_area = abs(moments.area), float(np.prod(square[2] - square[0]))
    offset = moments.centre - (square[0] + square[2]) / 2.0
    elongation, orientation = moments.shape()
    return LearnedPatch(
        level=chain.warp(level).level,
        at_px=_pair(at),
        size_units=size_units,
        outline_px=_read_only(outline),
        square_px=_read_only(square),
        centre_px=_pair(moments.centre),
        offset_px=_pair(offset),
        area_px=area,
        square_area_px=square_area,
        area_ratio=area / square_area if square_area > 0 else float("nan"),
        elongation=elongation,
        orientation_deg=orientation,
        reached=reached,
        folded=bool((mesh.determinant(inner) <= 0).any()),
        outside_share=_share_outside(chain, chain.units_to_image_px(inner, level)),
    )


def reach_units(depth: int, level: int) -> int:
    """Return the side of the regular patch that a pair at a level encloses, in units.

    It is how far the convolutions between gather and splat look together: those of
    the level itself and all deeper ones, on a U-Net of `depth` levels.

    Notes
    -----
    Counted from the splat backwards: up1 reads 3 units; they come from half as many
    of the level below, rounded up at both ends, which reaches out 2 for its four
    convolutions above its own below, and so on; down2 adds 1 on either side.
    """
    side = 1
    if level < depth:
        below = _below(depth, level + 1, _halved(side + 2))
        side = 2 * below
    return side + 2


def margin_px(level: int) -> int:
    """Return how far a unit of a transformer's input map sees beyond its own area, px.

    Two convolutions on each shallower level and one on its own, with pooling
    between: the same in the plain U-Net.
    """
    return int(2 * (2 ** (level - 1) - 1) + 2 ** (level - 1))


def _halved(side: int) -> int:
    """Return over how many units below so many neighbours can spread."""
    return side // 2 + 1


def _below(depth: int, level: int, side: int) -> int:
    """Return how many units of a level, before its blocks, `side` after it need."""
    if level == depth:
        return side + 4  # down1 and down2
    deeper = _below(depth, level + 1, _halved(side + 4))  # up2 and up1
    return 2 * deeper + 4  # down1 and down2


_INNER = np.stack(np.meshgrid(*[np.linspace(0.1, 0.9, 5)] * 2, indexing="ij"), -1)


def _ring(low: Array, high: Array, pieces: int) -> Array:
    """Return points around a rectangle, (y, x), from its first corner along x."""
    part = np.arange(max(pieces, LEAST_PIECES)) / max(pieces, LEAST_PIECES)
    zero, one = np.zeros_like(part), np.ones_like(part)
    y = np.concatenate([zero, part, one, 1 - part])
    x = np.concatenate([part, one, 1 - part, zero])
    return np.asarray(low + (high - low) * np.stack([y, x], -1))


def _plain_square(chain: Chain, at: Array, level: int | None, size_units: int) -> Array:
    """Return the corners of so many units of a level around a pixel, source px."""
    warp = chain.warp(level)
    half = size_units / 2.0 * 2.0 ** (warp.level - 1) * np.array(warp.image_scale)
    box = np.array(chain.box_px)
    low, high = np.clip([at - half, at + half], box[:2], box[2:])
    return np.array([low, [low[0], high[1]], high, [high[0], low[1]]])


def _nearest_unit(units_px: Array, at: Array) -> Array:
    flat = np.square(units_px - at).sum(-1).argmin()
    return np.array(np.unravel_index(flat, units_px.shape[:2]), dtype=np.float64)


def _share_outside(chain: Chain, px: Array) -> float:
    box = np.array(chain.box_px)
    return float(((px < box[:2]) | (px > box[2:])).any(-1).mean())


def _pair(values: Array) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _read_only(array: Array) -> Array:
    array.setflags(write=False)
    return array
