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
