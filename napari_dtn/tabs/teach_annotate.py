"""Teach: paint strokes and see how much is annotated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from napari_dtn.annotation_keys import (
    DRAW,
    LARGER,
    NEXT_CLASS,
    NEXT_PLACE,
    REDO,
    SMALLER,
    TOGGLE,
    UNDO,
    choose,
    spelled,
)
from napari_dtn.annotation_prediction import toggle_prediction
from napari_dtn.awaited_prediction import AwaitedPrediction, say_predicting
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.teach_classes import ClassList
from napari_dtn.tabs.teach_counts import CountLine
from napari_dtn.tabs.teach_project import ProjectBox
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.tabs.teach_tools import ToolBox
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run_view import NAME as LIVE

START = (
    "Click to make a layer to paint on. What you do not paint stays 'not annotated' "
    "and is never learned from."
)

BACK = "Add the annotation layer again, with all that is painted on this image."
ELSEWHERE = (
    "Go on where this image is annotated already. What is painted on images of the "
    "project that is open now is kept there."
)
BRING = (
    "Add this image to the project that is open, with all that is painted on it in "
    "the other one, which stays as it is."
)
GO_ON = "Select the annotation layer, so that tools and keys work on it again."


class AnnotateSection(TeachSection):
    """The layer, what is painted with, and the counts."""

    title = "Annotate"
    hint = "Paint what the model should have found; some strokes are enough."

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._annotator = context.annotator
        self._links: list[tuple[Any, Any]] = []
        self._layer: Any = None
        self.awaited = AwaitedPrediction(context)
        self.project = ProjectBox(context)
        self.start = QPushButton("Annotate this image")
        self.start.setAccessibleName("Annotate this image")
        self.bring = _button("Bring it into this project", BRING)
        self.classes, self.tools = ClassList(), ToolBox()
        self.undo = _button("↶ Undo", f"Take the last change back, on whatever slice "
                            f"it was. Key: {spelled(UNDO)}")  # fmt: skip
        self.redo = _button("↷ Redo", f"Do it again. Key: {spelled(REDO)}")
        self.toggle = _button(
            "◐ Prediction",
            f"Show or hide the prediction; computes it if there is none. Key: {TOGGLE}",
        )
        self.counts = CountLine(context)
        self.words = plain_label("What to do")
        self.keys = plain_label("Keys")
        self._lay_out()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what the chosen image has."""
        one = self._annotator.current
        layer = None if one is None else one.layer
        if layer is not self._layer:
            self._follow_layer(layer)
        image = self.context.layer()
        self.start.setEnabled(image is not None and not self._annotator.opening)
        text, tip = self._what_start_does(one, layer, image)
        self.start.setText(text)
        self.start.setToolTip(tip)
        self.bring.setVisible(tip == ELSEWHERE)
        model = self.context.model()
        card = None if model is None else model.card
        names = one.classes if one is not None else (card.classes if card else ())
        self.classes.set_classes(names)
        self.classes.setEnabled(layer is not None)
        if layer is not None:
            self.classes.choose(int(layer.selected_label))
        self.words.setText("" if one is not None else START)
        self.words.setVisible(one is None)
        self._annotations_changed()

    def shut_down(self) -> None:
        """Let go of the layer. May be called twice."""
        self.counts.shut_down()
        if self._layer is not None:  # the second time its widgets may be no more
            self._follow_layer(None)

    @property
    def busy(self) -> bool:
        """Whether places have yet to be counted, or a data set comes or goes."""
        return self.counts.busy or self.project.busy

    # what happens

    def _what_start_does(self, one: Any, layer: Any, image: Any) -> tuple[str, str]:
        """Return the text of the first button, and its tooltip."""
        if image is None:
            return "Open an image first", START
        if self._annotator.opening:
            return "Opening…", START
        if one is None and self._annotator.elsewhere:
            return "Open its project", ELSEWHERE
        if one is None:
            return "Annotate this image", START
        if layer is None:
            return "Bring the layer back", BACK
        return "Go on painting", GO_ON

    def _choose(self, label: int) -> None:
        if self._layer is not None:
            self.tools.used.emit()
            choose(self._layer, label)

    def _follow_layer(self, layer: Any) -> None:
        for event, slot in self._links:
            event.disconnect(slot)
        self._links, self._layer = [], layer
        self.tools.set_layer(layer)
        if layer is not None:
            self._links = [(layer.events.selected_label, self._label_chosen)]
            for event, slot in self._links:
                event.connect(slot)
            if layer.selected_label > 1:
                return
            layer.brush_size = max(layer.brush_size, 5)

    def _label_chosen(self, event: object = None) -> None:
        if self._layer is not None:
            self.context.painting.emit()  # by its key, too
            self.classes.choose(int(self._layer.selected_label))

    def _annotations_changed(self) -> None:
        one = self._annotator.current
        state = None if one is None else one.state
        self.undo.setEnabled(one is not None and one.can_undo)
        self.redo.setEnabled(state is not None and state.can_redo)
        self.classes.set_counts(() if state is None else state.pixels)

    def _toggle(self) -> None:
        layer = self.context.layer()
        if layer is None:
            return
        self.context.painting.emit()
        live = self.context.group(LIVE).shown_on(layer.unique_id)
        if not toggle_prediction(self.context.viewer, layer.unique_id, live):
            self._predict()

    def _predict(self) -> None:
        predict = self.context.predict
        if predict.runner.job is None:
            say_predicting(self.context)
            predict.run()

    def _found(self, folder: Path, others: list[Path]) -> None:
        """Say where the chosen image is annotated, while no project is open."""
        also = f", others in {' and '.join(p.name for p in others)}" if others else ""
        self.context.say(
            f"Annotations of this image are in {folder.name}{also}; click 'Annotate "
            f"this image' to go on with those in {folder.name}."
        )

    def _connect(self) -> None:
        annotator = self._annotator
        annotator.current_changed.connect(self.refresh)
        annotator.changed.connect(self._annotations_changed)
        annotator.unpredicted.connect(self._annotations_changed)
        annotator.toggled.connect(self._toggle)
        annotator.finder.found.connect(self._found)
        self.start.clicked.connect(self.context.painting)
        self.tools.used.connect(self.context.painting)
        self.start.clicked.connect(lambda: annotator.annotate())
        self.bring.clicked.connect(self.context.painting)
        self.bring.clicked.connect(lambda: annotator.annotate(here=True))
        self.classes.chosen.connect(self._choose)
        self.toggle.clicked.connect(self._toggle)
        self.undo.clicked.connect(
            lambda: annotator.current and annotator.current.undo()
        )
        self.redo.clicked.connect(
            lambda: annotator.current and annotator.current.redo()
        )

    def _lay_out(self) -> None:
        self.keys.setText(
            f"Keys on the annotation layer: Ctrl+1…9 class, {NEXT_CLASS} next class, "
            f"{SMALLER} {LARGER} brush size, {DRAW} draw a patch, {NEXT_PLACE} next "
            f"place, {TOGGLE} prediction, {spelled(UNDO)} undo, right click: outline "
            "and fill."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.start)
        layout.addWidget(self.bring)
        layout.addWidget(self.words)
        layout.addWidget(self.classes)
        layout.addWidget(self.tools)
        row = QHBoxLayout()
        for button in (self.undo, self.redo, self.toggle):
            row.addWidget(button)
        layout.addLayout(row)
        layout.addWidget(self.counts)
        layout.addWidget(self.keys)
        layout.addWidget(self.project)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text.strip("↶↷◐ "))
    button.setToolTip(tip)
    return button
