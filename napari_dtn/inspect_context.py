"""What the sections of the Inspect tab share: what is looked at, and how it changed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from dense_transformer.types import Box, Prediction, Progress, Warp, WarpEdit
from napari_dtn.inspect_layers import LayerGroup
from napari_dtn.inspect_pointer import Pointer, Px
from napari_dtn.inspect_tiles import nearest_tile
from napari_dtn.inspecting import InspectCore, Session, TileLook
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.latest import LatestWins
from napari_dtn.predicting import Request, Stop, once
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain

Edits = tuple[WarpEdit, ...]
Looks = tuple[TileLook, TileLook]  # as learned, as edited
KEPT = 64  # chains of other tiles, for the patches under the cursor


class InspectContext(QObject):
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
    prediction : Prediction or None
        All tiles, as learned; None until somebody asks with `predict_all`.
    """

    changed = Signal()  # another session, or none
    looked = Signal()  # `look` is new: another tile, or other edits
    bent = Signal()  # the warps are already as `edits` have them, the look not yet
    level_changed = Signal()
    predicted = Signal()  # `prediction` is there
    chain_found = Signal()  # `chain_at` knows one more tile
    said = Signal(str)  # a line for the foot of the tab

    def __init__(self, viewer: Any, core: InspectCore, widget: QWidget) -> None:
        super().__init__(widget)
        self.viewer, self.core = viewer, core
        self._widget = widget
        self.request: Request | None = None
        self.session: Session | None = None
        self.tile = 0
        self.level: int | None = None
        self.learned: TileLook | None = None
        self.look: TileLook | None = None
        self.strength = 1.0
        self.clicks_pin = False  # a click in the image pins; else it chooses a tile
        self.prediction: Prediction | None = None
        self._edits: Edits = ()
        self._version = 0  # of the edits
        self._groups: dict[str, LayerGroup] = {}
        self._runners: list[JobRunner] = []
        self._opener = self.runner()
        self._predicter = self.runner()
        self._opener.succeeded.connect(self._opened)
        self._predicter.succeeded.connect(self._predicted)
        self._looker = LatestWins("look", self)
        self._looker.answered.connect(self._answered)
        self._looker.failed.connect(lambda order, error: self.fail(error))
        self._nearby = LatestWins("nearby", self)
        self._nearby.answered.connect(self._found_nearby)
        self._nearby.failed.connect(lambda order, error: self.fail(error))
        self._chains: dict[int, Chain] = {}
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
            self._keep_chain(self.tile, self.look.warps)
        return self._chains[self.tile]

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
        session = self.session
        if session is None or self.chain is None:
            return None
        tile = session.tile_at(px)
        if tile is None:
            return None
        if tile not in self._chains:
            edits = self.edits
            self._nearby.ask(
                (session, tile, self._version),
                lambda: session.look(tile, edits),
            )
        return self._chains.get(tile)

    def open(self, request: Request) -> None:
        """Look at another model, image or section."""
        before = self.source
        same = before is not None and before.layer_id == request.source.layer_id
        self._forget(keep_layers=same)  # they get new data, which is faster
        self.request = request
        self.say("Opening the model…")
        core = self.core
        self._opener.start(Job(lambda stop: once(_open, core, request), "inspect"))

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
        if self.strength == 1.0:
            return self._edits
        own = tuple(replace(e, strength=self.strength) for e in self._edits)
        return own + tuple(WarpEdit(n, self.strength) for n in self.levels)

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
            (session, tile, self._version), lambda: _look(session, tile, edits, learned)
        )

    # work and words

    def predict_all(self) -> None:
        """Predict the whole section for `prediction`, unless it is there."""
        request, core = self.request, self.core
        if request is None:
            return
        if self.prediction is not None:
            self.predicted.emit()
        elif self._predicter.job is None:
            self._predicter.start(
                Job(lambda stop: core.predict(request, stop), "whole image")
            )

    def give_prediction(self, prediction: Prediction) -> None:
        """Take a prediction of what is looked at that somebody else has made."""
        self.prediction = prediction
        self.predicted.emit()

    @property
    def busy(self) -> bool:
        """Whether anything is being computed or drawn."""
        lookers = (self._looker, self._nearby, *self._groups.values())
        running = any(runner.job is not None for runner in self._runners)
        return running or any(one.busy for one in lookers)

    def runner(self) -> JobRunner:
        """Return a runner for a section's long work; stopped with the tab."""
        runner = JobRunner(self)
        runner.failed.connect(lambda job, error: self.fail(error))
        self._runners.append(runner)
        return runner

    def run(
        self,
        runner: JobRunner,
        name: str,
        work: Callable[[Stop], Generator[Progress, None, Any]],
    ) -> None:
        """Start long work; its result comes by `runner.succeeded`."""
        runner.start(Job(work, name))

    def group(self, name: str) -> LayerGroup:
        """Return the layers of a section, the same at every call."""
        if name not in self._groups:
            self._groups[name] = LayerGroup(self.viewer, name, self._widget)
        return self._groups[name]

    def say(self, text: str) -> None:
        """Show a line at the foot of the tab."""
        self.said.emit(text)

    def fail(self, error: Exception) -> None:
        """Show what went wrong, as napari shows it."""
        self.say(f"Failed: {error}")
        notification_manager.receive_error(type(error), error, error.__traceback__)

    def shut_down(self) -> None:
        """Stop all work and take all layers away. May be called twice."""
        for runner in self._runners:
            runner.shut_down()
        self._forget()
        self.pointer.shut_down()
        for group in self._groups.values():
            group.shut_down()
        self._groups = {}

    # what happens

    def _forget(self, keep_layers: bool = False) -> None:
        self._looker.shut_down()
        self._nearby.shut_down()
        self._predicter.stop()
        for group in self._groups.values() if not keep_layers else ():
            group.remove()
        self.request = self.session = self.learned = self.look = None
        self.prediction, self.tile, self.strength = None, 0, 1.0
        self._edits, self._chains = (), {}

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
        if version == self._version or tile not in self._chains:
            self._keep_chain(tile, self.look.warps)
        self.looked.emit()

    def _found_nearby(self, order: tuple[Session, int, int], look: TileLook) -> None:
        session, tile, version = order
        if session is self.session and version == self._version:
            self._keep_chain(tile, look.warps)
            self.chain_found.emit()

    def _bend(self) -> None:
        """Bend the tile's warps as they are changed, and look again.

        The mesh takes a millisecond, so it follows the hand; the network's answer,
        which may bend deeper levels otherwise, comes with `looked`.
        """
        self._version += 1
        self._chains = {}
        if self.learned is None:
            return
        from dense_transformer.inspection import rewarp

        here = self.learned.tile_px
        mine = sorted(self.edits, key=lambda edit: edit.tile_px is not None)
        edits = {edit.level: edit for edit in mine if edit.tile_px in (None, here)}
        self._keep_chain(
            self.tile,
            tuple(
                rewarp(warp, edits[warp.level]) if warp.level in edits else warp
                for warp in self.learned.warps
            ),
        )
        self.bent.emit()
        self.look_again()

    def _keep_chain(self, tile: int, warps: tuple[Warp, ...]) -> None:
        from dense_transformer.inspection import Chain

        self._chains.pop(tile, None)
        if warps:
            self._chains[tile] = Chain(warps)
        while len(self._chains) > KEPT:
            del self._chains[next(iter(self._chains))]

    def _predicted(self, job: Job, prediction: Prediction) -> None:
        self.give_prediction(prediction)


def _open(core: InspectCore, request: Request) -> tuple[Session, int, TileLook]:
    """Return the session, the tile in the middle of what is on screen, its look."""
    session = core.open(request)
    tile = nearest_tile(session.tiles, _middle(request))
    return session, tile, session.look(tile)


def _look(session: Session, tile: int, edits: Edits, learned: TileLook | None) -> Looks:
    learned = learned or session.look(tile)
    return learned, session.look(tile, edits) if edits else learned


def _middle(request: Request) -> Px:
    if request.region is not None:
        top, left, bottom, right = request.region
        return (top + bottom) / 2, (left + right) / 2
    height, width = request.source.image.size
    return height / 2, width / 2
