"""Teach: the model before and after it learned, in scores and on the image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout

from napari_dtn.before_after import comparing
from napari_dtn.earlier_prediction import under_annotations
from napari_dtn.inspect_maps import colours_of
from napari_dtn.inspect_outcomes import Outcome, beside_specs, change_spec
from napari_dtn.side_by_side import SideBySide
from napari_dtn.tabs.figure_table import FigureTable
from napari_dtn.tabs.inspect_change import BESIDE, DIFFERENCE, NEITHER
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.ramp import ColourRamp
from napari_dtn.tabs.run_bar import RunBar
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run import TeachRun
from napari_dtn.teach_run_report import LOG_LOSS, RunReport

if TYPE_CHECKING:
    from napari_dtn.sources import Source

NAME = "before and after"
VIEWS = (("Side by side", BESIDE), ("Difference", DIFFERENCE), ("Nothing", NEITHER))
ELSEWHERE = "Only section {} was compared: Compare on this section shows this one."
READY = ("stopped", "finished", "kept", "paused", "running", "died")
SCORES = (
    ("auc", "AUC", "Area under the ROC curve; 1 is perfect, 0.5 is chance."),
    ("f1", "best F1", "Of pixels, at the best threshold."),
    ("f1_half", "F1 at 0.5", "Of pixels, at threshold 0.5."),
    ("iou", "IoU", "Of boundary pixels, at threshold 0.5."),
    (LOG_LOSS, "log-loss", "How sure it is of what is right; 0 is perfectly sure."),
)


class CompareSection(TeachSection):
    """Scores on what was held out, and both predictions of the section on screen."""

    title = "Before and after"
    hint = "What the run has changed: scores, side by side, difference."

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self.teaching = TeachRun.of(context)
        self.found: Outcome | None = None
        self._source: Source | None = None
        self._away = False  # the slider has left the section that was compared
        self.runner = context.runner()
        self.group = context.group(NAME)
        self.beside = SideBySide(context.viewer, self.leave)
        self.words = plain_label("What the run has changed")
        self.table = FigureTable("Scores on what is held out", self._save, "scores")
        self.view = QComboBox()
        self.view.setAccessibleName("Show before and after")
        for text, view in VIEWS:
            self.view.addItem(text, view)
        self.view.setEnabled(False)
        self.ramp = ColourRamp(colours_of("change"))
        self.bar = RunBar()
        self.bar.run.setText("▶ Compare on this section")
        self.bar.run.setToolTip("Predict the section on screen with both models.")
        self._lay_out()
        self._connect()

    def refresh(self) -> None:
        """Show the scores of the run as it stands."""
        news = self.teaching.news
        ready = news is not None and news.state in READY
        self.bar.set_ready(bool(ready and self.context.source() is not None))
        self._show_scores(None if news is None else news.report)
        self._say_where()

    @property
    def busy(self) -> bool:
        """Whether it computes or draws."""
        return self.runner.job is not None or self.group.busy

    def compare(self) -> None:
        """Predict the section on screen with the model before and after."""
        request, run = self.context.request(), self.teaching.run
        if request is None or run is None:
            return
        self._source = request.source
        self.context.run(self.runner, NAME, comparing(run, request))

    def leave(self) -> None:
        """End what shares the canvas: others' layers would come into it."""
        if self.found is not None and self.view.currentData() == BESIDE:
            self._choose(NEITHER)

    def _predicted(self) -> None:
        """Uncover a new prediction: it comes below the difference."""
        if self.found is not None and self.view.currentData() == DIFFERENCE:
            self._choose(NEITHER)

    def clear(self) -> None:
        """Take both predictions away."""
        self.runner.stop()
        self.beside.end()
        self.context.earlier.show(NAME)
        self.group.remove()
        self.bar.say("")  # what it said was of the run before
        self.found = self._source = None
        self._say_where()
        self.view.setEnabled(False)
        self.ramp.setVisible(False)

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""
        self.runner.shut_down()
        self.beside.end()
        self.context.earlier.show(NAME)
        self.found = self._source = None

    def _show_scores(self, report: RunReport | None) -> None:
        if report is None or not report.before:
            self.table.show_rows([], [])
            self.words.setText(
                ""
                if report is None
                else "Nothing is held out, so nothing is scored."
                if report.loss[0].size
                else "No scores yet."
            )
            return
        there = [s for s in SCORES if s[0] in report.before and s[0] in report.after]
        rows = [
            (name, [f"{report.before[key]:.3f}", f"{report.after[key]:.3f}"])
            for key, name, _ in there
        ]
        self.table.show_rows(["before", "after"], rows, [hint for *_, hint in there])
        pixels = report.before.get("pixels")
        many = f" {pixels:,.0f} pixels" if pixels else ""
        self.words.setText(f"On{many} that are held out: it never learned from them.")

    def _told(self) -> None:
        if self.active and not self.busy:
            self.refresh()

    def _succeeded(self, job: Any, found: Outcome) -> None:
        self.found = found
        self._away = False
        self.context.compared.emit()
        self.bar.say(found.words)
        self.view.setEnabled(True)
        with QSignalBlocker(self.view):
            if not self.context.on_screen:
                self.leave()
            elif self.view.currentData() == NEITHER:
                self._choose(BESIDE)  # it was asked for
        self._draw()

    def _draw(self) -> None:
        """Show both predictions as is chosen."""
        view = self.view.currentData()
        self.ramp.setVisible(view == DIFFERENCE and self.found is not None)
        found, source = self.found, self._source
        if found is None or source is None:
            return
        self.beside.end()
        if view != DIFFERENCE:
            self.context.earlier.show(NAME)
        if view == DIFFERENCE:
            spec = change_spec(found, source)
            self.ramp.set_range(*spec.look["contrast_limits"], "(more boundary)")
            self.context.earlier.hide(NAME, source.layer_id)  # colours would mix
            self.group.show([spec], source, under_annotations(self.context.viewer))
        elif view == BESIDE:
            self.group.show(beside_specs(found, source, self._image_look()), source)
        else:
            self.group.remove()
        self._say_where()

    def _say_where(self) -> None:
        """Say it when the slider leaves the section whose predictions are shown."""
        away, found, source = self._is_away(), self.found, self._source
        if away != self._away:
            self._away = away
            words = "" if found is None else found.words
            self.bar.say(ELSEWHERE.format(source.section) if away else words)

    def _is_away(self) -> bool:
        compared = self._source
        if compared is None or self.found is None:
            return False
        here = self.context.source()
        if here is None or self.view.currentData() == NEITHER:
            return False
        same = (here.lead, here.section) == (compared.lead, compared.section)
        return here.layer_id == compared.layer_id and not same

    def _placed(self) -> None:
        layers = self.group.layers()
        if self.view.currentData() == BESIDE and len(layers) == 4:
            self.beside.begin(layers)

    def _image_look(self) -> dict[str, Any]:
        layer = self.context.layer()
        names = ("contrast_limits", "gamma", "colormap")
        if layer is None or layer.rgb:
            return {}
        return {name: getattr(layer, name) for name in names}

    def _save(self, path: Path) -> None:
        from dense_transformer.inspection.export.tables import write_table

        lines = [line.split("\t") for line in self.table.text().splitlines()]
        write_table(path, ("score", "before", "after"), [tuple(x) for x in lines[1:]])
        self.context.say(f"Saved {path.name}.")

    def _lay_out(self) -> None:
        form = QFormLayout()
        label = QLabel("&Show")
        label.setBuddy(self.view)
        form.addRow(label, self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 6)
        column.setSpacing(4)
        for widget in (self.words, self.table, self.bar):
            column.addWidget(widget)
        column.addLayout(form)
        column.addWidget(self.ramp)
        self.ramp.setVisible(False)

    def _connect(self) -> None:
        self.bar.run_clicked.connect(self.compare)
        self.bar.stop_clicked.connect(self.runner.stop)
        self.runner.began.connect(lambda job: self.bar.set_working(True))
        self.runner.progressed.connect(self.bar.show_progress)
        self.runner.succeeded.connect(self._succeeded)
        self.runner.stopped.connect(lambda job: self.bar.say("Stopped."))
        self.runner.failed.connect(lambda job, error: self.bar.say(f"Failed: {error}"))
        self.runner.idle.connect(lambda: self.bar.set_working(False))
        self.view.currentIndexChanged.connect(self._draw)
        self.group.placed.connect(self._placed)
        self.group.deleted.connect(self._deleted)
        self.teaching.told.connect(self._told)
        self.teaching.run_changed.connect(self.clear)
        self.context.painting.connect(self.leave)
        self.context.predict.shown.connect(self._predicted)

    def _deleted(self, role: str) -> None:
        """Show nothing where the person has deleted a layer from the list."""
        self._choose(NEITHER)

    def _choose(self, view: str) -> None:
        self.view.setCurrentIndex(self.view.findData(view))
