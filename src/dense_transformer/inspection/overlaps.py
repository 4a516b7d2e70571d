"""Which of overlapping tiles counts."""

from __future__ import annotations

from collections.abc import Sequence

from dense_transformer.inspection.chains import Chain


def find_chain(chains: Sequence[Chain], at_px: tuple[float, float]) -> Chain | None:
    """Return the chain of the tile that counts most at a place of the image.

    Parameters
    ----------
    chains : sequence of Chain
        Of tiles that may overlap.
    at_px : tuple of float
        (y, x), source px.

    Returns
    -------
    Chain or None
        Of the tile in which it lies farthest from the border, as the blending
        weights have it; None outside all of them.
    """
    best, depth = None, 0.0
    for chain in chains:
        top, left, bottom, right = chain.box_px
        rows = min(at_px[0] - top, bottom - at_px[0]) / (bottom - top)
        columns = min(at_px[1] - left, right - at_px[1]) / (right - left)
        if rows > 0 and columns > 0 and rows * columns > depth:
            best, depth = chain, rows * columns
    return best
