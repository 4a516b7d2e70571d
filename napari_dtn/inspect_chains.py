"""The warps of tiles as they are now, composed; of the tile in view and its neighbours.

Those of other tiles are looked up when the mouse comes to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from dense_transformer.types import Warp
from napari_dtn.inspect_looks import Edits
from napari_dtn.inspect_pointer import Px
from napari_dtn.inspecting import Session, TileLook
from napari_dtn.latest import LatestWins

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain

KEPT = 64  # chains of other tiles, for the patches under the cursor


class TileChains(QObject):
    """Keeps a chain of warps for each of the tiles that were looked at last.

    Attributes
    ----------
    version : int
        Of the edits; what is looked up for an older one counts no more.
    """

    found = Signal()  # one more tile is known
    failed = Signal(object)  # Exception

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.version = 0
        self._chains: dict[int, Chain] = {}
        self._lookup = LatestWins("nearby", self)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(lambda order, error: self.failed.emit(error))

    @property
    def busy(self) -> bool:
        """Whether a tile is being looked up."""
        return self._lookup.busy

    def __contains__(self, tile: int) -> bool:
        return tile in self._chains

    def get(self, tile: int) -> Chain | None:
        """Return the warps of a tile; None if they are not known."""
        return self._chains.get(tile)

    def keep(self, tile: int, warps: tuple[Warp, ...]) -> None:
        """Take the warps of a tile; none: it has none."""
        from dense_transformer.inspection import Chain

        self._chains.pop(tile, None)
        if warps:
            self._chains[tile] = Chain(warps)
        while len(self._chains) > KEPT:
            del self._chains[next(iter(self._chains))]

    def at(self, px: Px, session: Session, edits: Edits) -> Chain | None:
        """Return the warps of the tile that counts most at (y, x), source px.

        None while they are not known; then they are looked up beside the window, and
        `found` tells.
        """
        tile = session.tile_at(px)
        if tile is None:
            return None
        if tile not in self._chains:
            order = tile, self.version
            self._lookup.ask(order, lambda: session.look(tile, edits))
        return self._chains.get(tile)

    def renew(self) -> None:
        """Forget all: the edits are others now."""
        self.version += 1
        self._chains = {}

    def clear(self) -> None:
        """Forget all, and what is being looked up: another image or model."""
        self._lookup.shut_down()
        self._chains = {}

    def _answered(self, order: tuple[int, int], look: TileLook) -> None:
        tile, version = order
        if version == self.version:
            self.keep(tile, look.warps)
            self.found.emit()
