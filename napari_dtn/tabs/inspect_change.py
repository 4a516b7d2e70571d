"""A section that holds two predictions of the image against each other."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, ClassVar

from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from dense_transformer.types import Progress
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_maps import colours_of
from napari_dtn.inspect_outcomes import Outcome, beside_specs, change_spec, rows_of
from napari_dtn.predicting import Stop
from napari_dtn.side_by_side import SideBySide
from napari_dtn.tabs.figure_table import FigureTable
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.inspect_section import InspectSection
from napari_dtn.tabs.label_box import LabelBox
from napari_dtn.tabs.ramp import ColourRamp
from napari_dtn.tabs.run_bar import RunBar

DIFFERENCE, BESIDE, NEITHER = "difference", "beside", ""
VIEWS = (("Difference", DIFFERENCE), ("Side by side", BESIDE), ("Nothing", NEITHER))


class ChangeSection(InspectSection):
    """Labels to judge by, Run and Stop, the difference as map, table and words."""

    name: ClassVar[str] = ""
    run_hint: ClassVar[str] = ""

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.found: Outcome | None = None
        self.runner = context.runner()
        self.group = context.group(self.name)
        self.beside = SideBySide(context.viewer, self.leave)
        self.labels = LabelBox(context.viewer)
        self.view = QComboBox()
        self.view.setAccessibleName(f"{self.title}: show")
        self.view.setToolTip("How both predictions are shown in the viewer.")
        for text, view in VIEWS:
            self.view.addItem(text, view)
        self.ramp = ColourRamp(colours_of("change"))
        self.bar = RunBar()
        self.bar.run.setToolTip(self.run_hint)
        self.bar.stop.setToolTip("Stop after the tile that is being computed.")
        self.words = plain_label(f"{self.title}: in words")
        self.table = FigureTable(f"{self.title}: figures", self._save, self.name)
        self._lay_out()
        self._connect()
        self._say_view()

    # for the sections

    def rows(self) -> list[tuple[str, QWidget]]:
        """Return the section's own choices, to stand above the labels."""
        return []

    def task(self) -> Callable[[Stop], Generator[Progress, None, Outcome]]:
        """Return what computes the outcome; reads what is chosen, in the window."""
        raise NotImplementedError

    # what it does

    def refresh(self) -> None:
        """Nothing follows the tile: it is about the whole section."""
        self.labels.refresh()
        self.bar.set_ready(bool(self._ready()))
        if self.found is not None and not self.group.layers():
            self._draw()  # opened again

    def run(self) -> None:
        """Compute, in a job."""
        if not self._ready():
            return
        try:
            task = self.task()
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self.context.fail(error)
            return
        self.context.run(self.runner, self.title, task)

    def rest(self) -> None:
        """Take the layers away; what was found out stays to be read and shown."""
        self.runner.stop()
        self.beside.end()
        self.group.remove()

    def clear(self) -> None:
        """Stop, and take everything away."""
        self.runner.stop()
        self.beside.end()
        self.group.remove()
        self.found = None
        self.words.setText("")
        self.table.show_rows([], [])
        self.view.setEnabled(False)
        self.bar.say("")

    def leave(self) -> None:
        """End what shares the canvas: another tab's layers would come into it."""
        if self.found is not None and self.view.currentData() == BESIDE:
            self._show_nothing()

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""
        self.runner.shut_down()
        self.beside.end()
        self._unlink()
        self.found = None

    @property
    def busy(self) -> bool:
        """Whether it computes or draws."""
        return self.runner.job is not None or self.group.busy

    def _ready(self) -> bool:
        return self.context.request is not None and self.context.look is not None

    def _labels_chosen(self) -> None:
        if self.found is not None and self.labels.currentData() is not None:
            self.bar.say("Press Run to judge by these labels.")

    def _began(self) -> None:
        self.bar.set_working(True)
        self.bar.say("Computing…")

    def _idle(self) -> None:
        self.bar.set_working(False)

    def _succeeded(self, job: Any, found: Outcome) -> None:
        self.bar.say("")
        if not self.active:
            return
        self.found = found
        if self.context.prediction is None and self._is_learned(found):
            self.context.give_prediction(found.predictions[0])
        self.words.setText(found.words)
        self.table.show_rows(*rows_of(found))
        self.view.setEnabled(True)
        if not self.context.on_screen:
            self.leave()
        self._draw()

    def _is_learned(self, found: Outcome) -> bool:
        """Return whether the first prediction is that of what is looked at."""
        return True

    def _draw(self) -> None:
        """Show both predictions as is chosen."""
        self._say_view()
        found, source = self.found, self.context.source
        if found is None or source is None:
            return
        view = self.view.currentData()
        self.beside.end()
        if view == DIFFERENCE:
            spec = change_spec(found, source)
            self.ramp.set_range(*spec.look["contrast_limits"], "(more boundary)")
            self.group.show([spec], source)
        elif view == BESIDE:
            self.group.show(beside_specs(found, source, self._image_look()), source)
        else:
            self.group.remove()

    def _placed(self) -> None:
        layers = self.group.layers()
        if self.view.currentData() == BESIDE and len(layers) == 4:
            self.beside.begin(layers)

    def _image_look(self) -> dict[str, Any]:
        layer = self.context.layer()
        names = ("contrast_limits", "gamma", "colormap")
        return (
            {} if layer is None or layer.rgb else {n: getattr(layer, n) for n in names}
        )

    def _say_view(self) -> None:
        self.ramp.setVisible(self.view.currentData() == DIFFERENCE)

    def _deleted(self, role: str) -> None:
        """Show nothing where the person has deleted a layer from the list."""
        self._show_nothing()

    def _show_nothing(self) -> None:
        self.view.setCurrentIndex(self.view.findData(NEITHER))

    def _save(self, path: Path) -> None:
        if self.found is not None:
            from dense_transformer.inspection.export.tables import write_table

            _, rows, _ = rows_of(self.found)
            lines = [(name, *cells) for name, cells in rows]
            write_table(path, ("figure", *self.found.names), lines)
            self.context.say(f"Saved {path.name}.")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = [*self.rows(), ("L&abels", self.labels), ("&Show", self.view)]
        for text, widget in rows:
            label = QLabel(text)
            label.setBuddy(widget)
            label.setToolTip(widget.toolTip())
            form.addRow(label, widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 6)
        column.setSpacing(4)
        column.addLayout(form)
        column.addWidget(self.ramp)
        for widget in (self.bar, self.words, self.table):
            column.addWidget(widget)
        self.view.setEnabled(False)

    def _connect(self) -> None:
        layers = self.context.viewer.layers.events
        self._links = [
            (event, self.labels.refresh)
            for event in (layers.inserted, layers.removed, layers.renamed)
        ]
        for event, slot in self._links:
            event.connect(slot)
        self.bar.run_clicked.connect(self.run)
        self.bar.stop_clicked.connect(self.runner.stop)
        self.runner.began.connect(lambda job: self._began())
        self.runner.progressed.connect(self.bar.show_progress)
        self.runner.succeeded.connect(self._succeeded)
        self.runner.stopped.connect(lambda job: self.bar.say("Stopped."))
        self.runner.failed.connect(lambda job, error: self.bar.say(f"Failed: {error}"))
        self.runner.idle.connect(self._idle)
        self.view.currentIndexChanged.connect(self._draw)
        self.labels.currentIndexChanged.connect(self._labels_chosen)
        self.group.placed.connect(self._placed)
        self.group.deleted.connect(self._deleted)
        self.context.changed.connect(self.clear)

    def _unlink(self) -> None:
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []
