"""The curves of a run that teaches: what it learns from, and what was held out.

pyqtgraph is imported when the first curve is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_dtn.tabs.run_plot import LOSS, VALIDATION, ink_plot, make_plot

if TYPE_CHECKING:
    from napari_dtn.teach_run_report import RunReport

HEIGHT = 118
HIGHEST = 1.05  # of the axis; a score is 1 at most
LEAST_RANGE = 0.08  # of the axis: of less there are no figures at it
POINTS = 600  # drawn of a curve: the dock has no more pixels


class TeachCurve(QWidget):
    """Loss above, score on the held-out annotations below; one axis of steps.

    Raises
    ------
    ImportError
        If pyqtgraph is not installed.
    """

    def __init__(self) -> None:
        import pyqtgraph

        super().__init__()
        self._module = pyqtgraph
        self.loss = make_plot(pyqtgraph, "loss", HEIGHT)
        self.score = make_plot(pyqtgraph, "", HEIGHT + 14, legend_below=True)
        self.score.setXLink(self.loss)
        # Also where all scores are 1.
        self.score.getViewBox().setLimits(yMax=HIGHEST, minYRange=LEAST_RANGE)
        self.score.setLabel("bottom", "step")
        self.loss.setAccessibleName("Loss of the annotations it learns from")
        self.score.setAccessibleName("Score of the annotations that are held out")
        thin = pyqtgraph.mkPen(_faint(pyqtgraph, LOSS), width=1)
        self._raw = self.loss.plot(pen=thin, name="each step")
        self._smooth = self.loss.plot(
            pen=pyqtgraph.mkPen(LOSS, width=2), name="smoothed"
        )
        self._scores = self.score.plot(
            pen=pyqtgraph.mkPen(VALIDATION, width=2), name="held out",
            symbol="o", symbolSize=5, symbolPen=None, symbolBrush=VALIDATION,
        )  # fmt: skip
        dashes = pyqtgraph.mkPen(VALIDATION, width=1, style=Qt.PenStyle.DashLine)
        self._start = self.score.plot(pen=dashes, name="before")
        self._best = self.score.plot(
            pen=None, symbol="star", symbolSize=13, symbolPen=None,
            symbolBrush=VALIDATION, name="best",
        )  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.loss)
        column.addWidget(self.score)
        self._take_colours()

    def show_report(self, report: RunReport) -> None:
        """Draw a run as it stands."""
        steps, values = report.loss
        self._raw.setData(*_thinned(steps, values))
        self._smooth.setData(*_thinned(steps, report.smooth_loss))
        at, scores = report.scores
        self._scores.setData(at, scores)
        last = max(report.steps, 1)
        self.loss.setXRange(0, last, padding=0.02)
        if report.start_score is None:
            self._start.setData([], [])
        else:
            self._start.setData([0, last], [report.start_score] * 2)
        best = [] if report.best is None else [report.best]
        self._best.setData([b[0] for b in best], [b[1] for b in best])
        self.score.setLabel("left", report.score_name)

    def clear(self) -> None:
        """Draw nothing until the next report: another run is shown."""
        for curve in (self._raw, self._smooth, self._scores, self._start, self._best):
            curve.setData([], [])

    def changeEvent(self, event: QEvent) -> None:
        """Follow napari's theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._take_colours()

    def showEvent(self, event: QEvent) -> None:
        """Take the theme's colours, which are known from here on."""
        super().showEvent(event)
        self._take_colours()

    def _take_colours(self) -> None:
        if hasattr(self, "score"):
            ink = self.palette().text().color()
            ink_plot(self.loss, ink)
            ink_plot(self.score, ink)


def _faint(module: Any, colour: str) -> Any:
    faint = module.mkColor(colour)
    faint.setAlpha(90)
    return faint


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest value of each piece, where there are too many."""
    if len(steps) <= 2 * POINTS:
        return steps, values
    size = -(-len(steps) // POINTS)
    whole = len(steps) // size * size
    pieces = values[:whole].reshape(-1, size)
    offset = np.arange(len(pieces))[:, None] * size
    ends = np.sort(np.stack([pieces.argmin(1), pieces.argmax(1)], 1), 1) + offset
    index = np.r_[ends.ravel(), np.arange(whole, len(steps))]
    return steps[index], values[index]
