"""Looks at a tile: what a session is asked for beside the window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dense_transformer.types import Warp, WarpEdit
from napari_dtn.inspect_pointer import Px
from napari_dtn.inspect_tiles import nearest_tile
from napari_dtn.inspecting import InspectCore, Session, TileLook
from napari_dtn.predicting import Request

Edits = tuple[WarpEdit, ...]
Looks = tuple[TileLook, TileLook]  # as learned, as edited


def open_session(core: InspectCore, request: Request) -> tuple[Session, int, TileLook]:
    """Return the session, the tile in the middle of what is on screen, its look."""
    session = core.open(request)
    tile = nearest_tile(session.tiles, _middle(request))
    return session, tile, session.look(tile)


def look_at(
    session: Session, tile: int, edits: Edits, learned: TileLook | None
) -> Looks:
    """Return the looks of a tile; the one as learned anew only if it isn't given."""
    learned = learned or session.look(tile)
    return learned, session.look(tile, edits) if edits else learned


def weakened(edits: Edits, strength: float, levels: Sequence[int]) -> Edits:
    """Return edits that take so much of every warp, the changed ones included."""
    if strength == 1.0:
        return edits
    own = tuple(replace(edit, strength=strength) for edit in edits)
    return own + tuple(WarpEdit(level, strength) for level in levels)


def bent_warps(learned: TileLook, edits: Edits) -> tuple[Warp, ...]:
    """Return the warps of a tile as `edits` have them, without a network.

    It takes a millisecond. The network may bend deeper levels otherwise, as they see
    what the changed ones make of the tile.
    """
    from dense_transformer.inspection import rewarp

    here = learned.tile_px
    mine = sorted(edits, key=lambda edit: edit.tile_px is not None)
    by_level = {edit.level: edit for edit in mine if edit.tile_px in (None, here)}
    return tuple(
        rewarp(warp, by_level[warp.level]) if warp.level in by_level else warp
        for warp in learned.warps
    )


def _middle(request: Request) -> Px:
    if request.region is not None:
        top, left, bottom, right = request.region
        return (top + bottom) / 2, (left + right) / 2
    height, width = request.source.image.size
    return height / 2, width / 2
