"""What is on screen, predicted by the model as it learns.

The window tells the run what it shows, by a file; the run answers when it likes;
what it answers is read and made into layers in a thread, and shown when it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from dense_transformer.errors import RunError
from dense_transformer.types import Box
from napari_dtn.earlier_prediction import under_annotations
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.latest import LatestWins
from napari_dtn.on_screen import visible_box
from napari_dtn.sources import Source
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run import TeachRun
from napari_dtn.teach_run_follow import ENDED, rest
from napari_dtn.teach_run_picture import Picture, fits, room_specs
from napari_dtn.teach_run_pictures import ViewTail, picture_specs

ASK_MS = 400  # after the last move of the view
LOOK_S = 0.4  # between two looks for an answer
LAST_MS = 2000  # for the last answer of a run that has ended
NAME = "teach view"


class LiveView(QObject):
    """Keeps the run told what is on screen, and shows what it predicts there."""

    deleted = Signal()  # the person took what is shown out of the list

    def __init__(self, context: TeachContext, teaching: TeachRun, parent: Any) -> None:
        super().__init__(parent)
        self._context, self._teaching = context, teaching
        self._on = self._warps = True
        self._source: Source | None = None  # of what was asked for last
        self._empty = False  # whether what is shown is only room for an answer
        self._drawn: Picture | None = None  # the last answer that was shown
        self._told = LatestWins("view", self)
        self._told.failed.connect(lambda order, error: context.fail(error))
        self._reader = JobRunner(self)
        self._reader.noted.connect(self._show)
        self._reader.failed.connect(lambda job, error: context.fail(error))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ASK_MS)
        self._timer.timeout.connect(self._ask)
        self._last = QTimer(self)
        self._last.setSingleShot(True)
        self._last.setInterval(LAST_MS)
        self._last.timeout.connect(self._ended)
        self._asked: Any = None
        self._reading: Path | None = None
        viewer = context.viewer
        self._links = [
            (viewer.scene.camera.events.center, self._later),
            (viewer.scene.camera.events.zoom, self._later),
            (viewer.canvas.events.size, self._later),
            (viewer.dims.events.point, self._later),
            (viewer.layers.events.removed, self._layer_removed),
        ]
        for event, slot in self._links:
            event.connect(slot)
        context.group(NAME).deleted.connect(lambda role: self.deleted.emit())
        teaching.told.connect(self._run_told)
        teaching.run_changed.connect(self._run_changed)
        teaching.begun.connect(self._make_room)
        context.changed.connect(self._later)
        context.models_changed.connect(self._kept)
        context.compared.connect(self._compared)

    @property
    def busy(self) -> bool:
        """Whether the run is about to be told."""
        return self._timer.isActive() or self._told.busy

    def choose(self, on: bool, warps: bool) -> None:
        """Say whether to show the prediction, and the warps with it."""
        self._on, self._warps, self._asked = on, warps, None
        if not on:
            self._stop_reading()
            self._remove()
        self._later()

    def shut_down(self) -> None:
        """Tell and show nothing more. May be called twice."""
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []
        self._context.earlier.show(NAME)
        self._told.shut_down()
        self._reader.shut_down()
        for timer in (self._timer, self._last):
            if isalive(timer):
                timer.stop()

    # what the run is told

    def _later(self, *_: object) -> None:
        if self._on and self._teaching.alive:
            self._timer.start()

    def _ask(self) -> None:
        """Tell the run what is on screen, if that has changed."""
        run, image, layer = self._teaching.run, self._context.image, None
        if image is not None:
            layer = self._context.layer()
        if run is None or layer is None or not self._on or not self._teaching.alive:
            return
        source = self._context.source()
        if source is None:
            return
        box = visible_box(layer, self._context.viewer)
        wanted = run, image.name, source.section, box
        self._source = source
        if wanted == self._asked:
            return
        self._asked = wanted
        self._told.ask(wanted, lambda: tell(*wanted))
        self._read_from(run)

    def _run_told(self, news: Any) -> None:
        """Tell a run that has just come to life; let go of one that has ended."""
        if news.alive and self._on and self._reading != news.run:
            if not self._timer.isActive():  # news come faster than it would ring
                self._timer.start()
        elif not news.alive and self._reading == news.run:
            if news.state == "finished":  # what it keeps is predicted at its end
                if not self._last.isActive():
                    self._last.start()
                return
            self._stop_reading()
        if news.state == "discarded" or (self._empty and news.state in ENDED):
            self._remove()  # nobody has that model any more

    def _ended(self) -> None:
        """Wait no more for what a run that has ended keeps."""
        self._stop_reading()
        if self._empty:
            self._remove()

    def _run_changed(self) -> None:
        self._asked = None
        self._stop_reading()
        self._later()

    # what the run answers

    def _make_room(self, run: Path) -> None:
        """Add the layers, empty, while the new run still loads on one core."""
        room = room_specs(self._context, self._warps) if self._on else None
        if room is None:
            return
        self._empty, self._drawn = True, None
        self._context.earlier.show(NAME)  # until there is something newer
        ground = under_annotations(self._context.viewer)
        self._context.group(NAME).show(*room, ground, singly=True)

    def _read_from(self, run: Path) -> None:
        if self._reading == run:
            return
        self._reading = run
        self._reader.start(Job(lambda stop: self._answers(run, stop), "view"))

    def _stop_reading(self) -> None:
        self._reading = None
        self._last.stop()
        self._reader.stop()

    def _answers(
        self, run: Path, stop: Callable[[], bool]
    ) -> Generator[Picture, None, None]:
        """Yield each new answer as layers; runs in a thread."""
        tail, found = ViewTail(run), None
        drawn: Any = None
        while rest(LOOK_S, stop):
            source, warps = self._source, self._warps
            found = tail.newest() or found
            if found is not None and source is not None:
                key = found, warps, source.layer_id
                if key != drawn and found.path.exists():
                    drawn = key
                    try:
                        specs = picture_specs(found, source, warps)
                    except RunError:  # a newer one took its place meanwhile
                        continue
                    yield Picture(specs, source, found.image)

    def _show(self, picture: Picture) -> None:
        """Show an answer, unless the image it belongs to is no longer looked at."""
        image, layer = self._context.image, self._context.layer()
        there = layer is not None and layer.unique_id == picture.source.layer_id
        if self._on and there and image is not None and image.name == picture.image:
            self._empty = False
            self._context.earlier.hide(NAME, picture.source.layer_id)
            group, before = self._context.group(NAME), self._drawn
            self._drawn = picture
            roles = {spec.role for spec in picture.specs}
            if roles == group.roles() and not group.busy and fits(picture, before):
                group.bend(picture.specs)  # much less work than all else
                return
            ground = under_annotations(self._context.viewer)
            shown = picture.specs, picture.source, ground
            group.show(*shown, at_once=False, singly=True)

    def _compared(self) -> None:
        """Take away what a run that has ended has shown; nothing else comes back."""
        if not self._teaching.alive:
            self._stop_reading()
            self._empty, self._drawn = False, None
            self._context.group(NAME).remove()

    def _kept(self) -> None:
        """Take away what a run has shown whose model was kept: Predict shows more."""
        if not self._teaching.alive:
            self._stop_reading()
            self._remove()

    def _remove(self) -> None:
        self._empty, self._drawn = False, None
        self._context.group(NAME).remove()
        self._context.earlier.show(NAME)

    def _layer_removed(self, event: Any) -> None:
        source = self._source
        if source is not None and event.value.unique_id == source.layer_id:
            self._source = self._asked = None
            self._remove()


def tell(run: Path, image: str, section: int, box: Box | None) -> None:
    """Write down what is on screen, for the run; None: nothing of the image."""
    from dense_transformer.teaching.wanted import Wanted, ask_view

    ask_view(run, None if box is None else Wanted(image, section, box))
