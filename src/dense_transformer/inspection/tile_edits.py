"""What edits of warps come to on one tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from dense_transformer.types import Box, WarpEdit

EditsKey: TypeAlias = tuple[tuple[int, float, bytes], ...]


def edits_of_tile(edits: Sequence[WarpEdit], tile: Box) -> tuple[WarpEdit, ...]:
    """Return the one edit of each level that counts for a tile.

    Parameters
    ----------
    edits : sequence of WarpEdit
        One of a tile goes before one of all; those that change nothing are left out.
    tile : Box
        In pixels of the image that the network sees.
    """
    chosen: dict[int, WarpEdit] = {}
    for edit in sorted(edits, key=lambda e: e.tile_px is not None):
        if edit.tile_px in (None, tile):
            chosen[edit.level] = edit
    return tuple(
        edit
        for _, edit in sorted(chosen.items())
        if edit.theta is not None or edit.strength != 1.0
    )


def edits_key(edits: Sequence[WarpEdit]) -> EditsKey:
    """Return what tells edits of one tile from others; edits hold arrays."""
    return tuple((edit.level, edit.strength, _bytes(edit)) for edit in edits)


def _bytes(edit: WarpEdit) -> bytes:
    if edit.theta is None:
        return b""
    return np.asarray(edit.theta, dtype=np.float32).tobytes()
