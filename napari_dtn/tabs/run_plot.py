"""The curves of a training, its alarms, and where one looks.

pyqtgraph is imported when the first plot is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_dtn.tabs.calm_plot import calm_plot

if TYPE_CHECKING:
    from dense_transformer.inspection import RunHistory

HEIGHT = 150
# Told apart by the colour-blind, on dark and light.
LOSS, VALIDATION = "#56b4e9", "#e69f00"
LEVELS = ("#009e73", "#cc79a7", "#d55e00", "#0072b2", "#f0e442")
ALARMS = {
    "collapsed": "#e69f00",
    "folds": "#ff00ff",
    "saturated": "#d55e00",
    "constant": "#9467bd",
}
WORDS = {
    "collapsed": "identity",
    "folds": "folds",
    "saturated": "saturated",
    "constant": "same for all",
}
FIGURES = (
    ("shift", "Mean shift of the fiducials", "half a tile"),
    ("spread", "How much warps differ between tiles", "half a tile"),
    ("saturation", "Parameters at their bound", "share"),
    ("folded", "Area that is folded", "share"),
    ("holes", "Units without coverage", "share"),
    ("coverage_mean", "Mean coverage S", "S"),
)


class RunPlot(QWidget):
    """Loss above, health of the warps below; one axis of steps.

    Raises
    ------
    ImportError
        If pyqtgraph is not installed.
    """

    def __init__(self) -> None:
        import pyqtgraph

        super().__init__()
        self._module = pyqtgraph
        self.loss, self.health = make_plot(pyqtgraph, "loss"), make_plot(pyqtgraph, "")
        self.loss.setLogMode(y=True)
        self.health.setXLink(self.loss)
        self.health.setLabel("bottom", "step")
        self._marks = [self._cursor(plot) for plot in (self.loss, self.health)]
        self._alarms: list[tuple[Any, Any]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.loss)
        column.addWidget(self.health)

    @property
    def alarms(self) -> int:
        """How many alarms are marked."""
        return len(self._alarms)

    def show_history(self, history: RunHistory, figure: str) -> None:
        """Draw a run; `figure` is the field of its levels that is drawn below."""
        self._take_colours()
        self.loss.clear()
        self.health.clear()
        for plot, mark in zip((self.loss, self.health), self._marks, strict=True):
            plot.addItem(mark, ignoreBounds=True)
        self._curve(self.loss, history.loss, "training", LOSS, 1)
        self._curve(self.loss, history.validation_loss, "validation", VALIDATION, 2)
        for number, level in enumerate(history.levels):
            pen = self._module.mkPen(LEVELS[number % len(LEVELS)], width=2)
            values = np.asarray(getattr(level, figure))
            self.health.plot(
                level.steps, values, pen=pen, name=f"level {level.level}",
                symbol="o", symbolSize=4, symbolPen=None,
                symbolBrush=pen.color(), connect="finite",
            )  # fmt: skip
        self._mark_alarms(history)
        words = {key: (text, unit) for key, text, unit in FIGURES}[figure]
        self.health.setLabel("left", words[1])
        ink = self.palette().text().color()
        self.health.setTitle(words[0], size="9pt", color=ink)
        for plot in (self.loss, self.health):
            plot.enableAutoRange()

    def mark_step(self, step: int) -> None:
        """Show where one looks."""
        for mark in self._marks:
            mark.setValue(step)
            mark.show()

    def _curve(self, plot: Any, curve: Any, name: str, colour: str, width: int) -> None:
        values = np.asarray(curve.values)
        known = np.isfinite(values) & (values > 0)  # the axis is logarithmic
        if known.any():
            pen = self._module.mkPen(colour, width=width)
            plot.plot(np.asarray(curve.steps)[known], values[known], pen=pen, name=name)

    def _mark_alarms(self, history: RunHistory) -> None:
        """Mark when a transformer went wrong, on the loss."""
        self._alarms = []
        for number, alarm in enumerate(history.alarms):
            colour = self._module.mkColor(ALARMS[alarm.kind])
            shade = self._module.mkColor(colour)
            shade.setAlpha(40)
            until = history.step if alarm.until is None else alarm.until
            region = self._module.LinearRegionItem(
                (alarm.step, max(until, alarm.step)), movable=False, brush=shade,
                pen=self._module.mkPen(None),
            )  # fmt: skip
            line = self._module.InfiniteLine(
                alarm.step,
                pen=self._module.mkPen(colour, width=2, style=Qt.PenStyle.DashLine),
                label=f"{WORDS[alarm.kind]} L{alarm.level}",
                labelOpts={
                    "color": colour, "position": 0.92 - 0.14 * (number % 6),
                    "anchors": [(0, 0.5), (0, 0.5)],
                },
            )  # fmt: skip
            line.setToolTip(alarm.words)
            self.loss.addItem(region, ignoreBounds=True)
            self.loss.addItem(line, ignoreBounds=True)
            self._alarms.append((region, line))

    def _take_colours(self) -> None:
        """Write in the ink of napari's theme, known once the plot is in its place."""
        self.ensurePolished()
        ink = self.palette().text().color()
        for plot, mark in zip((self.loss, self.health), self._marks, strict=True):
            ink_plot(plot, ink)
            mark.setPen(self._module.mkPen(ink, width=1))

    def _cursor(self, plot: Any) -> Any:
        mark = self._module.InfiniteLine(0)
        mark.hide()
        return mark


def make_plot(
    module: Any, left: str, height: int = HEIGHT, *, legend_below: bool = False
) -> Any:
    """Return a plot with a legend, as low as it may be and as wide as its place.

    The legend lies on the right, where a falling curve leaves room above it and a
    rising one below.
    """
    plot = calm_plot(module)
    plot.setFixedHeight(height)
    plot.setMinimumWidth(0)
    plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    plot.setAccessibleName("Curves of the training")
    plot.setMenuEnabled(False)
    plot.hideButtons()
    offset = (-4, -4) if legend_below else (-4, 4)
    plot.addLegend(offset=offset, labelTextSize="8pt", brush=(60, 60, 60, 60))
    plot.getAxis("left").setWidth(58)  # the steps of all plots are in line
    plot.getAxis("left").enableAutoSIPrefix(False)
    if left:
        plot.setLabel("left", left)
    return plot


def ink_plot(plot: Any, ink: Any) -> None:
    """Write axes and legend in a colour."""
    for side in ("left", "bottom"):
        plot.getAxis(side).setPen(ink)
        plot.getAxis(side).setTextPen(ink)
    plot.plotItem.legend.setLabelTextColor(ink)
