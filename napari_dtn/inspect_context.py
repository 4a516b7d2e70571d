"""What the sections of the Inspect tab share: what is looked at, and how it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from dense_transformer.types import Box, Prediction, Warp
from napari_dtn.inspect_chains import TileChains
from napari_dtn.inspect_looks import (
    Edits,
    Looks,
    bent_warps,
    look_at,
    open_session,
    weakened,
)
from napari_dtn.inspect_pointer import Pointer, Px
from napari_dtn.inspecting import InspectCore, Session, TileLook
from napari_dtn.jobs import Job
from napari_dtn.latest import LatestWins
from napari_dtn.predicting import Request, once
from napari_dtn.section_work import SectionWork
from napari_dtn.sources import Source
from napari_dtn.whole_prediction import WholePrediction

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain


class InspectContext(SectionWork):
    """One model on one section of one image, one of its tiles, one of its levels.

    Sections read the attributes, listen to the signals and call the methods; what
    takes long runs beside the window.

    Attributes
    ----------
    viewer : napari.Viewer
        Where everything is drawn.
    core : InspectCore
        What needs a network.
    request : Request or None
        Model, source (layer, frame, section) and settings that are looked at.
    session : Session or None
        Runs single tiles; None until it is open.
    tile : int
        Index into `session.tiles`.
    level : int or None
        Level that is drawn; None: all of them, composed.
    learned, look : TileLook or None
        The tile as the network learned it, and as `edits` and `strength` have it
        (the same object where nothing is changed).
    pointer : Pointer
        The mouse over the image, in source pixels.
    """

    changed = Signal()  # another session, or none
    looked = Signal()  # `look` is new: another tile, or other edits
    bent = Signal()  # the warps are already as `edits` have them, the look not yet
    level_changed = Signal()
    predicted = Signal()  # `prediction` is there
    chain_found = Signal()  # `chain_at` knows one more tile

    def __init__(self, viewer: Any, core: InspectCore, widget: QWidget) -> None:
        super().__init__(viewer, widget)
        self.core = core
        self.request: Request | None = None
        self.session: Session | None = None
        self.tile = 0
        self.level: int | None = None
        self.learned: TileLook | None = None
        self.look: TileLook | None = None
        self.strength = 1.0
        self.clicks_pin = False  # a click in the image pins; else it chooses a tile
        self._edits: Edits = ()
        self._opener = self.runner()
        self._opener.succeeded.connect(self._opened)
        self._whole = WholePrediction(core, self.runner(), self)
        self._whole.there.connect(self.predicted)
        self._looker = LatestWins("look", self)
        self._looker.answered.connect(self._answered)
        self._looker.failed.connect(lambda order, error: self.fail(error))
        self._chains = TileChains(self)
        self._chains.found.connect(self.chain_found)
        self._chains.failed.connect(self.fail)
        self.pointer = Pointer(viewer, self.layer, self)

    # what is looked at

    @property
    def source(self) -> Source | None:
        """The image, or None."""
        return None if self.request is None else self.request.source

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels with a transformer, shallow to deep."""
        return () if self.session is None else tuple(self.session.levels)

    @property
    def warp(self) -> Warp | None:
        """The warp that is drawn: of `level`, or the deepest."""
        return None if self.chain is None else self.chain.warp(self.level)

    @property
    def chain(self) -> Chain | None:
        """All warps of the tile as it is now; None for a plain U-Net."""
        if self.look is None or not self.look.warps:
            return None
        if self.tile not in self._chains:
            self._chains.keep(self.tile, self.look.warps)
        return self._chains.get(self.tile)

    @property
    def tile_px(self) -> Box | None:
        """The tile in source pixels."""
        return None if self.session is None else self.session.tiles[self.tile]

    def layer(self) -> Any:
        """Return the image layer that is looked at, or None."""
        wanted = None if self.source is None else self.source.layer_id
        return next((x for x in self.viewer.layers if x.unique_id == wanted), None)

    def chain_at(self, px: Px) -> Chain | None:
        """Return the warps of the tile that counts most at (y, x), source px.

        None while they are not known; then they are looked up, and `chain_found`
        tells.
        """
        if self.session is None or self.chain is None:
            return None
        return self._chains.at(px, self.session, self.edits)

    def open(self, request: Request) -> None:
        """Look at another model, image or section."""
        before = self.source
        same = before is not None and before.layer_id == request.source.layer_id
        self._forget(keep_layers=same)  # they get new data, which is faster
        self.request = request
        self.say("Opening the model…")
        core = self.core
        self._opener.start(
            Job(lambda stop: once(open_session, core, request), "inspect")
        )

    def close(self) -> None:
        """Look at nothing; all layers go."""
        self._opener.stop()
        self._forget()
        self.say("")
        self.changed.emit()

    def choose_tile(self, tile: int) -> None:
        """Look at another tile."""
        if self.session is not None and tile != self.tile:
            self.tile = tile
            self.learned = self.look = None
            self.look_again()

    def choose_level(self, level: int | None) -> None:
        """Draw another level; None: all, composed."""
        if level != self.level:
            self.level = level
            self.level_changed.emit()

    # what is changed

    @property
    def edits(self) -> Edits:
        """All changes, of this and other tiles, ready for a prediction."""
        return weakened(self._edits, self.strength, self.levels)

    def set_edits(self, edits: Edits) -> None:
        """Change single transformers: the warp bends at once, the look follows."""
        self._edits = edits
        self._bend()

    def set_strength(self, strength: float) -> None:
        """Take so much of every warp, 0 to 1.5, and look again."""
        if strength != self.strength:
            self.strength = strength
            self._bend()

    def look_again(self) -> None:
        """Run the network on the tile as it is now; the newest order wins."""
        session, tile = self.session, self.tile
        if session is None:
            return
        edits, learned = self.edits, self.learned
        self._looker.ask(
            (session, tile, self._chains.version),
            lambda: look_at(session, tile, edits, learned),
        )

    # the whole section

    @property
    def prediction(self) -> Prediction | None:
        """All tiles, as learned; None until somebody asks with `predict_all`."""
        return self._whole.value

    def predict_all(self) -> None:
        """Predict the whole section for `prediction`, unless it is there."""
        if self.request is not None:
            self._whole.ask(self.request)

    def give_prediction(self, prediction: Prediction) -> None:
        """Take a prediction of what is looked at that somebody else has made."""
        self._whole.give(prediction)

    # what happens

    @property
    def busy(self) -> bool:
        """Whether anything is being computed or drawn."""
        return super().busy or self._looker.busy or self._chains.busy

    def shut_down(self) -> None:
        """Stop all work and take all layers away. May be called twice."""
        super().shut_down()
        self._forget()
        self.pointer.shut_down()

    def _forget(self, keep_layers: bool = False) -> None:
        self._looker.shut_down()
        self._whole.clear()
        for group in self._groups.values() if not keep_layers else ():
            group.remove()
        self.request = self.session = self.learned = self.look = None
        self.tile, self.strength, self._edits = 0, 1.0, ()
        self._chains.clear()

    def _opened(self, job: Job, opened: tuple[Session, int, TileLook]) -> None:
        self.session, self.tile, self.learned = opened
        self.look = self.learned
        if self.level not in self.levels:
            self.level = self.levels[-1] if self.levels else None
        self.say("")
        self.changed.emit()
        self.looked.emit()

    def _answered(self, order: tuple[Session, int, int], looks: Looks) -> None:
        session, tile, version = order
        if session is not self.session or tile != self.tile:
            return
        self.learned, self.look = looks
        if version == self._chains.version or tile not in self._chains:
            self._chains.keep(tile, self.look.warps)
        self.looked.emit()

    def _bend(self) -> None:
        """Bend the tile's warps as they are changed, and look again.

        The mesh follows the hand; the network's answer, which may bend deeper levels
        otherwise, comes with `looked`.
        """
        self._chains.renew()
        if self.learned is None:
            return
        self._chains.keep(self.tile, bent_warps(self.learned, self.edits))
        self.bent.emit()
        self.look_again()
