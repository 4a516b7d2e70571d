"""Which tile is meant by a place of the image. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dense_transformer.types import Box

Px = tuple[float, float]


def nearest_tile(tiles: Sequence[Box], px: Px) -> int:
    """Return the index of the tile whose centre is nearest to (y, x), source px."""
    distances = [
        ((t + b) / 2 - px[0]) ** 2 + ((le + r) / 2 - px[1]) ** 2
        for t, le, b, r in tiles
    ]
    return distances.index(min(distances))


def deepest_tile(tiles: Sequence[Box], px: Px) -> int | None:
    """Return the index of the tile that counts most at (y, x): tiles overlap.

    It is the one in which the place lies farthest from the border, as in the
    blending of the prediction; None outside all of them.
    """
    best, depth = None, 0.0
    for index, (top, left, bottom, right) in enumerate(tiles):
        rows = min(px[0] - top + 0.5, bottom - 0.5 - px[0]) / (bottom - top)
        columns = min(px[1] - left + 0.5, right - 0.5 - px[1]) / (right - left)
        if rows > 0 and columns > 0 and rows * columns > depth:
            best, depth = index, rows * columns
    return best
