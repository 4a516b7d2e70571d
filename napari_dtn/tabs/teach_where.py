"""Teach: which places would teach the model most, and a way to go there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
)

from dense_transformer.types import Progress
from napari_dtn.annotation_boxes import boxes_spec
from napari_dtn.annotation_keys import NEXT_PLACE
from napari_dtn.annotation_view import show_place
from napari_dtn.inspect_pointer import px_per_screen_px
from napari_dtn.jobs import Job
from napari_dtn.tabs.still_label import StillLabel
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.teach_context import TeachContext
from napari_dtn.where_next import Place, Ranker, rank_places

if TYPE_CHECKING:
    from dense_transformer.teaching import Annotations

SIDE_PX = 224
LINE_PX = 2.0  # of the screen
COVERED = 0.25  # of a place: where more is annotated, others teach more
COLOUR = "#b0ff5c"  # neither a class's nor a patch's
ROWS = 6
WORDS = (
    "Finds where the model is unsure, changes its mind when the image is flipped, or "
    "bends it in an unusual way: a patch there teaches most."
)
NOTHING_LEFT = (
    "No place is left to find: a quarter or more of each is annotated. Teach, or open "
    "another image."
)


class WhereSection(TeachSection):
    """A list of places, the best first; double click or a key goes there."""

    title = "Where next?"
    hint = "Places that would teach the model most, with reasons."

    def __init__(self, context: TeachContext, rank: Ranker = rank_places) -> None:
        super().__init__(context)
        self._rank = rank
        self._shown_for: Any = None  # image and model that the list is about
        self._go_when_done = False
        self._said = WORDS  # where no place is listed
        self.places: tuple[Place, ...] = ()
        self.group = context.group("next place")
        self._runner = context.runner()
        self._runner.progressed.connect(self._progress)
        self._runner.succeeded.connect(self._ranked)
        self._runner.idle.connect(self._idle)
        self._make_widgets()
        context.annotator.next_place.connect(self.go_on)
        self.find.clicked.connect(self._find)
        self.stop.clicked.connect(self._runner.stop)
        self.next.clicked.connect(self.go_on)
        self.patch.clicked.connect(self._make_patch)
        self.list.itemDoubleClicked.connect(lambda item: self._go())
        self.list.currentRowChanged.connect(self._chosen)
        self.refresh()

    def refresh(self) -> None:
        """Forget the list of another image or model."""
        if self.places and self._about() != self._shown_for:
            self._show(())
        ready = self.context.layer() is not None and self.context.model() is not None
        working = self._runner.job is not None
        self.find.setEnabled(ready and not working)
        self.stop.setVisible(working)
        self.bar.setVisible(working)
        self.next.setEnabled(bool(self.places))

    def go_on(self) -> None:
        """Go to the next place of the list; looks for places if there is none."""
        self.refresh()
        if not self.places:
            self._go_when_done = True
            self._find()
            return
        row = (self.list.currentRow() + 1) % len(self.places)
        self.list.setCurrentRow(row)
        self._go()

    def _find(self) -> None:
        context = self.context
        request = context.request()
        if request is None or self._runner.job is not None:
            return
        context.forget_failure()
        self._wanted, self._said = self._about(), WORDS
        one = context.annotator.current
        if one is None:
            self._begin(request, None)
        else:  # what is painted now counts, and is not touched by the job
            context.aside(one.journal.annotations, partial(self._begin, request))

    def _begin(self, request: Any, annotations: Annotations | None) -> None:
        rank, side = self._rank, SIDE_PX
        work = Job(lambda stop: rank(request, annotations, side, stop), "where next")
        self._runner.start(work)
        self.words.setText("Looking over the image…")
        self.refresh()

    def _progress(self, progress: Progress) -> None:
        self.bar.setRange(0, max(1, progress.total))
        self.bar.setValue(progress.done)

    def _ranked(self, job: Job, places: tuple[Place, ...]) -> None:
        if self._wanted != self._about():
            return  # another image is looked at meanwhile
        self._shown_for = self._wanted
        self._said = WORDS if places else NOTHING_LEFT
        self._show(places)
        if self._go_when_done and places:
            self.list.setCurrentRow(0)
            self._go()
        self._go_when_done = False

    def _idle(self) -> None:
        if not self.places:
            self.words.setText(self._said)
        self.refresh()

    def _about(self) -> tuple[Any, Any]:
        layer, model = self.context.layer(), self.context.model()
        key = None if model is None else model.key
        return (None if layer is None else layer.unique_id), key

    def _show(self, places: tuple[Place, ...]) -> None:
        self.places = places
        self.list.clear()
        self._outline(None)
        stack = len({place.section for place in places}) > 1
        for number, place in enumerate(places, 1):
            where = f"slice {place.section}, " if stack else ""
            text = f"{number}: {where}x {place.box[1]}, y {place.box[0]}"
            item = QListWidgetItem(f"{text} – {_short(place.reasons)}")
            item.setToolTip(place.reasons)
            self.list.addItem(item)
        self.list.setCurrentRow(-1)
        self.list.setVisible(bool(places))
        high = self.list.sizeHintForRow(0) if places else 0
        self.list.setFixedHeight(high * min(ROWS, max(1, len(places))) + 8)
        self.words.setText(WORDS if not places else "Double click a place to go there.")
        self.next.setEnabled(bool(places))

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self.places):
            why = f"Why place {row + 1}: {self.places[row].reasons}."
            self.words.setText(why, keep_room=True)
        painted = self.context.annotator.current is not None
        self.patch.setEnabled(painted and self._place() is not None)

    def _go(self) -> None:
        layer, place = self.context.layer(), self._place()
        if layer is not None and place is not None:
            self.context.painting.emit()  # the box would come into another picture
            show_place(self.context.viewer, layer, place.section, place.box)
            self._outline(place)

    def _outline(self, place: Place | None) -> None:
        """Draw the box of the place that was gone to."""
        source, layer = self.context.source(), self.context.layer()
        if source is None or (place is None and not self.group.layers()):
            self.group.remove()
            return
        width = LINE_PX * px_per_screen_px(layer, self.context.viewer)
        at = None if place is None else (place.section, place.box)
        spec = boxes_spec((), (), at, source, width)
        name = f"{source.image.name} next place"
        look = {**spec.look, "edge_color": COLOUR}
        spec = replace(spec, role="next place", name=name, features={}, look=look)
        self.group.show([spec], source)

    def _make_patch(self) -> None:
        place = self._place()
        if place is not None:
            self.context.painting.emit()
            self.context.annotator.patch_wanted.emit(place.section, place.box)
            left = [p for p in self.places if not _covered(p, place)]
            self._show(tuple(left))

    def _place(self) -> Place | None:
        row = self.list.currentRow()
        return self.places[row] if 0 <= row < len(self.places) else None

    def _make_widgets(self) -> None:
        self._wanted: tuple[Any, Any] = (None, None)
        self.words = StillLabel("Why there")
        self.words.setText(WORDS)
        self.find = QPushButton("Find places")
        self.find.setAccessibleName("Find places")
        self.find.setToolTip("Look over the image with the model; takes some seconds.")
        self.stop = QPushButton("Stop")
        self.stop.setAccessibleName("Stop looking")
        self.stop.setToolTip("Look no further.")
        self.next = QPushButton("Next place")
        self.next.setAccessibleName("Next place")
        self.next.setToolTip(f"Go to the next place of the list. Key: {NEXT_PLACE}")
        self.patch = QPushButton("Make it a patch")
        self.patch.setAccessibleName("Make the place a patch")
        self.patch.setToolTip("Annotate the place as a whole; see Patches above.")
        self.patch.setEnabled(False)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Places looked at")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.list = QListWidget()
        self.list.setAccessibleName("Places")
        self.list.setToolTip("The best first. Double click to go there.")
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        scroll = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.list.setHorizontalScrollBarPolicy(scroll)
        self.list.setVisible(False)
        layout, row = QVBoxLayout(self), QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        for button in (self.find, self.next, self.stop):
            row.addWidget(button)
        layout.addLayout(row)
        # Words come last: as they change, no button may move from below the mouse.
        for widget in (self.bar, self.list, self.patch, self.words):
            layout.addWidget(widget)


def _covered(place: Place, by: Place) -> bool:
    """Return whether more than a quarter of a place lies in another."""
    if place.section != by.section:
        return False
    top, left, bottom, right = place.box
    high = min(bottom, by.box[2]) - max(top, by.box[0])
    wide = min(right, by.box[3]) - max(left, by.box[1])
    area = max(0, high) * max(0, wide)
    return area > COVERED * (bottom - top) * (right - left)


def _short(reasons: str) -> str:
    """Return the first words of the strongest reason, for a narrow list."""
    first = reasons.partition(":")[0].partition(",")[0]
    return first.removeprefix("the ")
