"""The Teach tab: paint what a model gets wrong, and let it learn from that."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from napari_dtn.tabs.inspect_section import Part
from napari_dtn.tabs.mirror import MirrorCombo
from napari_dtn.tabs.still_label import StillLabel
from napari_dtn.tabs.teach_sections import make_sections
from napari_dtn.teach_context import TeachContext

SETTLE_MS = 150  # after the last change of image, model or slice
LINES = 2  # what is said takes as a rule, in a dock of the usual width


class TeachTab(QWidget):
    """Teaches the model of the Predict tab on its image.

    Parameters
    ----------
    viewer : napari.Viewer
        Where everything is drawn.
    predict : PredictTab
        Whose image, model and settings are used.
    """

    def __init__(self, viewer: Any, predict: Any) -> None:
        super().__init__()
        self._viewer = viewer
        self.context = TeachContext(viewer, predict, self)
        self.image = MirrorCombo(predict.images.combo)
        self.model = MirrorCombo(predict.models.combo)
        self.image.setToolTip("The image to annotate; the same as in Predict.")
        self.model.setToolTip("The network to teach; the same as in Predict.")
        # Lines are kept free: buttons must not move from below the mouse.
        self.status = StillLabel("Status", lines=LINES)
        self.sections = make_sections(self.context)
        self.folds = [Part(section) for section in self.sections]  # type: ignore[arg-type]
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.context.changed)
        self._connect(predict)

    @property
    def busy(self) -> bool:
        """Whether anything is computed, written or drawn, or will be."""
        sections = any(getattr(s, "busy", False) for s in self.sections)
        return self._timer.isActive() or self.context.busy or sections

    def leave(self) -> None:
        """Give the whole canvas to another tab of the dock."""
        for section in self.sections:
            section.leave()

    def shut_down(self) -> None:
        """Write what is painted, stop the rest. May be called twice."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []
        for section in self.sections:
            section.shut_down()
        self.context.shut_down()

    def showEvent(self, event: QShowEvent) -> None:
        """Open the first section the first time."""
        super().showEvent(event)
        if self.folds and not any(fold.isExpanded() for fold in self.folds):
            self.folds[0].expand()
        self._timer.start(0)

    def _connect(self, predict: Any) -> None:
        dims = self._viewer.dims.events
        self._links = [(dims.point, self._later)]
        for event, slot in self._links:
            event.connect(slot)
        for signal in (predict.images.changed, predict.models.changed):
            signal.connect(self._later)
        predict.pixels.changed.connect(self._later)
        self.context.said.connect(self._say)
        for fold in self.folds:
            fold.section.wanted.connect(fold.expand)

    def _later(self, *_: object) -> None:
        if self.isVisible():
            self._timer.start(SETTLE_MS)

    def _say(self, text: str) -> None:
        self.status.setText(text, keep_room=True)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, widget in (("&Image", self.image), ("&Model", self.model)):
            label = QLabel(text)
            label.setBuddy(widget)
            label.setToolTip(widget.toolTip())
            form.addRow(label, widget)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.status)
        for fold in self.folds:
            layout.addWidget(fold)
        layout.addStretch()
