"""What a network makes of single tiles, and what of that is kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from dense_transformer.inspection.tile_edits import EditsKey, edits_key
from dense_transformer.nn import Memory
from dense_transformer.types import Array, Box, Warp, WarpEdit

LOOKS = 64  # kept; one of 224 x 224 px takes 0.25 MB
MEMORIES = 2  # tiles of which the network's own maps are kept; 6 MB each

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class TileLook:
    """What the network makes of one tile.

    Attributes
    ----------
    index : int
        Number of the tile.
    tile_px : Box
        The tile, in pixels of the image that the network saw.
    box : Box
        Where `probability` lies, source px.
    probability : ndarray, shape (h, w), float32
        Of the foreground, source px; of this tile alone, not blended with others.
    warps : tuple of Warp
        One for each transformer, shallow first.
    edits : tuple of WarpEdit
        What was changed.
    seconds : float
        How long it took to compute.
    """

    index: int
    tile_px: Box
    box: Box
    probability: Array
    warps: tuple[Warp, ...]
    edits: tuple[WarpEdit, ...]
    seconds: float


class RecentLooks:
    """The last looks, and what the network remembers of the last tiles."""

    def __init__(self) -> None:
        self._looks: OrderedDict[tuple[int, EditsKey], TileLook] = OrderedDict()
        self._memories: OrderedDict[int, Memory] = OrderedDict()

    def find(self, index: int, edits: Sequence[WarpEdit]) -> TileLook | None:
        """Return the look at a tile with these edits, if it is kept."""
        key = index, edits_key(edits)
        if (found := self._looks.get(key)) is not None:
            self._looks.move_to_end(key)
        return found

    def keep(self, look: TileLook) -> None:
        """Keep a look, and forget the oldest where there are many."""
        _keep(self._looks, (look.index, edits_key(look.edits)), look, LOOKS)

    def memory(self, index: int) -> Memory:
        """Return what the network made of a tile before its edits; empty at first."""
        memory = self._memories.get(index, Memory())
        _keep(self._memories, index, memory, MEMORIES)
        return memory

    def clear(self) -> None:
        """Forget all of it."""
        self._looks.clear()
        self._memories.clear()


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
