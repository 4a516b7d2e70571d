"""What the sections of the Teach tab share: image, model, project, work and words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from dense_transformer.errors import WriteError
from napari_dtn.annotator import Annotator
from napari_dtn.disk_outage import DiskOutage
from napari_dtn.earlier_prediction import EarlierPrediction
from napari_dtn.entry_pixels import EntryPixels
from napari_dtn.in_order import InOrder
from napari_dtn.layer_removal import is_ending, take_away
from napari_dtn.predicting import ModelInfo, Request
from napari_dtn.project_closing import ProjectClosing
from napari_dtn.section_work import SectionWork
from napari_dtn.sources import Source, read_source

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry, Project

FINISH_S = 5.0  # what the end of napari waits for the last strokes to be written
TURN_S = 0.06  # what a turn of adding layers may take, beside a model that learns


class TeachContext(SectionWork):
    """One image, the model that is taught, the project that keeps the lessons.

    Sections read the attributes, listen to the signals and call the methods.
    Everything that reads or writes the project goes through `aside`, one piece
    after the other in one thread, so that nothing waits for a disk and nothing
    sees half a stroke.

    Attributes
    ----------
    viewer : napari.Viewer
        Where everything is drawn.
    predict : PredictTab
        Whose image, model, device and threshold are those of this tab.
    project : Project or None
        Open for writing; None until the first image is annotated or a project is
        opened. Touch it in `aside` only, `project.folder` excepted.
    image : ImageEntry or None
        The chosen image in the project; None where it is not annotated yet.
    annotator : Annotator
        Paints on the chosen image.
    disk : DiskOutage
        What a full disk keeps in memory.
    earlier : EarlierPrediction
        Hides what Predict has found while there is something newer.
    """

    changed = Signal()  # another image, model, section or project is looked at
    project_changed = Signal()  # another project is open, or none
    annotated = Signal()  # strokes or patches have changed
    painting = Signal()  # the person takes up painting: nothing may stand in its way
    compared = Signal()  # before and after are about to be shown
    models_changed = Signal()  # a model was kept, reverted or taken away

    def __init__(self, viewer: Any, predict: Any, widget: QWidget) -> None:
        super().__init__(viewer, widget, TURN_S)
        self.predict = predict
        self.project: Project | None = None
        self.image: ImageEntry | None = None
        self._order = InOrder("teach", self)
        self._order.failed.connect(self.fail)
        self._closing = ProjectClosing()
        self.disk = DiskOutage(self)
        self.annotator = Annotator(self)
        self._pixels = EntryPixels(self, self.annotator)
        self.earlier = EarlierPrediction(viewer)

    # what is looked at

    @property
    def widget(self) -> QWidget:
        """The tab: parent of dialogues."""
        return self._widget

    @property
    def folder(self) -> Path | None:
        """The project's folder, or None."""
        return None if self.project is None else Path(self.project.folder)

    def layer(self) -> Any:
        """Return the chosen image layer, or None."""
        return self.predict.images.layer()

    def model(self) -> ModelInfo | None:
        """Return the chosen model, or None."""
        return self.predict.models.model()

    def source(self) -> Source | None:
        """Return the chosen image as the core reads it, at the section on screen."""
        layer = self.layer()
        if layer is None:
            return None
        dims = self.viewer.dims
        return read_source(layer, dims.point, self.predict.pixels.value(), dims.units)

    def request(self) -> Request | None:
        """Return image, model and settings of Predict as they are now, or None."""
        layer, model = self.layer(), self.model()
        if layer is None or model is None:
            return None
        return self.predict.make_request(layer, model.key)

    def use_model(self, key: str) -> None:
        """Choose a model, or open its file, in Predict and with it everywhere."""
        self.predict.prefer_model(key)

    # the project

    def set_project(self, project: Project | None) -> None:
        """Take another project; the one before is closed, in its turn."""
        self.annotator.forget()
        before, self.project = self.project, project
        if before is not None and before is not project:
            self.aside(partial(self._closing.close, before))
        elif project is None:  # another is about to be opened: one of those, perhaps
            self.close_left()
        self.image = None
        self.project_changed.emit()
        self.changed.emit()

    def set_image(self, image: ImageEntry | None) -> None:
        """Say which image of the project the chosen layer shows."""
        if image != self.image:
            self.image = image
            self.changed.emit()

    def close_left(self) -> None:
        """Close what a full disk has kept open, in its turn: it may be wanted now."""
        if self._closing.left:
            self.aside(self._closing.close)

    def aside(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Do short work on the project in its thread, after all strokes so far.

        `then` gets the result in the window's thread, `otherwise` the exception;
        without it the exception is shown as a notification.
        """
        self.annotator.flush()
        self.in_turn(work, then, otherwise)

    def in_turn(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None] | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Do short work in the project's thread, but leave a stroke that goes on."""
        self._order.ask(work, then, otherwise)

    # work and words

    @property
    def busy(self) -> bool:
        """Whether anything is computed, written or drawn."""
        return (
            super().busy or self.annotator.busy or self._order.busy or self._pixels.busy
        )

    def shut_down(self) -> None:
        """Stop all work but the writing of strokes. May be called twice."""
        self._pixels.shut_down()
        painted = self.annotator.shut_down()
        super().shut_down()
        mine = [] if self.project is None else [self.project]
        self.project = None
        failed: list[WriteError] = []
        self._order.ask(lambda: failed.extend(self._closing.give_up(*mine)))
        self._order.finish(FINISH_S)
        if not is_ending(self.viewer):
            take_away(self.viewer, [x for x in painted if x in self.viewer.layers])
            for error in failed:
                self.fail(error)
