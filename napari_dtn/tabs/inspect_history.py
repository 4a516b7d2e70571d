"""Inspect: how warp and prediction developed over a training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QSignalBlocker, Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
)

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_run import beside, describe_run, describe_step, preview_specs
from napari_dtn.layers import LayerSpec
from napari_dtn.predicting import once
from napari_dtn.sources import Source
from napari_dtn.tabs.inspect_follower import Follower, Work, plain_label
from napari_dtn.tabs.run_plot import FIGURES, RunPlot

if TYPE_CHECKING:
    from dense_transformer.inspection import RunHistory

LOOK_MS = 4000  # between two looks at a run that is going on
Drawn = tuple[list[LayerSpec], Source, int]  # layers, where, step
NO_PLOT = (
    "The curves need pyqtgraph: pip install 'napari-dtn[napari]'. The slider works "
    "without."
)


class HistorySection(Follower):
    """A run's curves with its alarms, and a slider through its previews.

    A run that is going on is read again every few seconds.
    """

    name = "history"
    title = "Over training"
    hint = "How warp and prediction developed in a run, and when a warp went wrong."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.history: RunHistory | None = None
        self._run: Path | None = None
        self._stamp: tuple[int, int] | None = None
        self._drawn: dict[int, Drawn] = {}  # by step
        self._reader = context.runner()
        self._reader.succeeded.connect(self._read)
        self.choose = QPushButton("Open run folder…")
        self.choose.setToolTip(
            "The folder that `dtn train` writes: config.json and all."
        )
        self.choose.setAccessibleName("Open run folder")
        self.figure = QComboBox()
        self.figure.setAccessibleName("Figure of the warps")
        self.figure.setToolTip("What is drawn over the steps, beside the loss.")
        for key, text, _ in FIGURES:
            self.figure.addItem(text, key)
        self.figure.setMinimumContentsLength(10)
        self.figure.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.plot: RunPlot | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Preview")
        self.slider.setToolTip("Step through the previews of the run.")
        self.step = plain_label("Step that is shown")
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._lay_out()
        self.choose.clicked.connect(self._ask)
        self.figure.currentIndexChanged.connect(self._draw)
        self.slider.valueChanged.connect(self._refresh)

    def open_run(self, run: Path) -> None:
        """Read a run and show its last preview."""
        self._run, self._stamp = run, None
        self.history, self._drawn = None, {}
        self._look()

    # what it shows

    def order(self) -> tuple[Any, Work] | None:
        """Depends on the preview that the slider points to."""
        history, number = self.history, self.slider.value()
        if history is None or not self.slider.isEnabled():
            return None
        preview, source = history.previews[number], self.context.source
        name, path, drawn = history.name, str(history.path), self._drawn

        def work() -> Drawn:
            from dense_transformer.inspection import read_preview

            if preview.step not in drawn:
                found = read_preview(preview)
                place = beside(found, name, source)
                drawn[preview.step] = preview_specs(found, place), place, preview.step
            return drawn[preview.step]

        return (path, preview.step, source), work

    def show_result(self, result: Drawn) -> None:
        """Show the preview beside the image."""
        specs, place, step = result
        new = not self.context.group(self.name).layers()
        self.context.group(self.name).show(specs, place)
        if self.history is not None:
            self.step.setText(describe_step(self.history, step))
        if self.plot is not None:
            self.plot.mark_step(step)
        if new:
            self.context.say("The preview stands to the right of the image.")

    def clear(self) -> None:
        """Take the preview away; the curves stay."""
        words = self.words.text()
        super().clear()
        self.words.setText(words)
        self.step.setText("")

    def set_active(self, active: bool) -> None:
        """Look at a run that is going on only while the section is open."""
        super().set_active(active)
        if active:
            self._look()
            self._timer.start()
        else:
            self._timer.stop()

    def shut_down(self) -> None:
        """Look no more. May be called twice."""
        super().shut_down()
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()

    def _refresh(self) -> None:
        """Show the preview; it needs no image."""
        if self.active:
            self.refresh()

    def _changed(self) -> None:
        """Show the preview beside another image."""
        self._asked, self._drawn = None, {}
        self._refresh()

    @property
    def busy(self) -> bool:
        """Whether it reads or draws."""
        return super().busy or self._reader.job is not None

    def _look(self) -> None:
        """Read the run if its record has grown."""
        if self._run is None or self._reader.job is not None:
            return
        run, stamp = self._run, _stamp(self._run)
        if stamp is None or stamp != self._stamp:
            self._stamp = stamp
            self.context.run(self._reader, "run", lambda stop: once(_history, run))

    def _read(self, job: Any, history: RunHistory) -> None:
        at_end = self.slider.value() == self.slider.maximum()
        first = self.history is None
        self.history = history
        self.words.setText(describe_run(history))
        drawable = [p for p in history.previews if p.data is not None]
        if first and history.previews and not drawable:
            self.step.setText("Its previews are pictures only: the run is older.")
        with QSignalBlocker(self.slider):
            self.slider.setEnabled(bool(drawable))
            self.slider.setRange(0, max(0, len(history.previews) - 1))
            if first or at_end:
                self.slider.setValue(self.slider.maximum())
        self._draw()
        self._refresh()

    def _draw(self) -> None:
        if self.history is None:
            return
        if self.plot is None:
            try:
                self.plot = RunPlot()
            except ImportError:
                self.step.setText(NO_PLOT)
                return
            self.column.insertWidget(self.column.indexOf(self.slider), self.plot)
        self.plot.show_history(self.history, self.figure.currentData())

    def _ask(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder of a run")
        if path:
            self.open_run(Path(path))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        label = QLabel("&Warps")
        label.setBuddy(self.figure)
        row.addWidget(label)
        row.addWidget(self.figure, 1)
        self.slider.setEnabled(False)
        self.column.addWidget(self.choose)
        self.column.addWidget(self.words)
        self.column.addLayout(row)
        self.column.addWidget(self.slider)
        self.column.addWidget(self.step)
        self.column.addWidget(self.remover())


def _history(run: Path) -> RunHistory:
    from dense_transformer.inspection import read_history

    return read_history(run)


def _stamp(run: Path) -> tuple[int, int] | None:
    """Return what tells whether a run has gone on; None where there is no record."""
    try:
        stat = (run / "events.jsonl").stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
