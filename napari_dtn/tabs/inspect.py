"""The Inspect tab: what a model did to an image, and what if it did otherwise."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_tiles import Px
from napari_dtn.inspecting import InspectCore, InstalledInspectCore
from napari_dtn.predicting import Request
from napari_dtn.tabs.inspect_header import InspectHeader
from napari_dtn.tabs.inspect_section import Part
from napari_dtn.tabs.inspect_sections import make_sections

SETTLE_MS = 250  # after the last change of image, model or slice


class InspectTab(QWidget):
    """Looks at the image and model of the Predict tab whenever it is shown.

    Parameters
    ----------
    viewer : napari.Viewer
        Where everything is drawn.
    predict : PredictTab
        Whose image, model and settings are looked at.
    core : InspectCore or None
        What runs the network; the installed one if None.
    """

    def __init__(
        self, viewer: Any, predict: Any, core: InspectCore | None = None
    ) -> None:
        super().__init__()
        self._viewer, self._predict = viewer, predict
        self.context = InspectContext(viewer, core or InstalledInspectCore(), self)
        self.header = InspectHeader(self.context, predict)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setAccessibleName("Status")
        self.sections = make_sections(self.context)
        self.folds = [Part(section) for section in self.sections]
        layout = QVBoxLayout(self)
        layout.addWidget(self.header)
        layout.addWidget(self.status)
        for fold in self.folds:
            layout.addWidget(fold)
        layout.addStretch()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.follow)
        self._connect()

    @property
    def busy(self) -> bool:
        """Whether anything is being computed or drawn, or will be."""
        sections = any(getattr(s, "busy", False) for s in self.sections)
        return self._timer.isActive() or self.context.busy or sections

    def follow(self) -> None:
        """Look at what the Predict tab has chosen, unless it is looked at already."""
        layer, model = self._predict.images.layer(), self._predict.models.model()
        if not self.isVisible() or layer is None or model is None:
            if layer is None and self.context.request is not None:
                self.context.close()
            return
        try:
            request = self._predict.make_request(layer, model.key)
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self.context.fail(error)
            return
        if not _same(request, self.context.request):
            self.context.open(request)

    def leave(self) -> None:
        """Give the whole canvas to another tab of the dock."""
        for section in self.sections:
            section.leave()

    def shut_down(self) -> None:
        """Stop all work and let go of the viewer. May be called twice."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []
        for section in self.sections:
            section.shut_down()
        self.context.shut_down()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look, and open the first section the first time."""
        super().showEvent(event)
        if self.folds and not any(fold.isExpanded() for fold in self.folds):
            self.folds[0].expand()
        self._timer.start(0)

    def _connect(self) -> None:
        layers, dims = self._viewer.layers.events, self._viewer.dims.events
        self._links = [(layers.removed, self._removed), (dims.point, self._later)]
        for event, slot in self._links:
            event.connect(slot)
        predict = self._predict
        for signal in (predict.images.changed, predict.models.changed):
            signal.connect(self._later)
        predict.pixels.changed.connect(self._later)
        self.context.said.connect(self.status.setText)
        self.context.changed.connect(self._say)
        self.context.pointer.clicked.connect(self._clicked)

    def _later(self, *_: object) -> None:
        if self.isVisible():
            self._timer.start(SETTLE_MS)

    def _say(self) -> None:
        self.status.setVisible(bool(self.status.text()))

    def _removed(self, event: Any) -> None:
        source = self.context.source
        if source is not None and event.value.unique_id == source.layer_id:
            self.context.close()
            self._later()

    def _clicked(self, at: Px, modifiers: tuple[Any, ...]) -> None:
        """Choose the tile under a click, unless clicks pin patches."""
        if self.context.clicks_pin and "Shift" not in modifiers:
            return
        if self.isVisible() and self.context.session is not None:
            tile = self.context.session.tile_at(at)
            if tile is not None:
                self.context.choose_tile(tile)


def _same(a: Request, b: Request | None) -> bool:
    """Return whether two requests mean the same model, section and settings."""
    return b is not None and (
        (a.model, a.source.layer_id, a.source.section, a.source.lead, a.config)
        == (b.model, b.source.layer_id, b.source.section, b.source.lead, b.config)
    )
