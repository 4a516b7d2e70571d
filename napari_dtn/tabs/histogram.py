"""A histogram, drawn by hand: four lines of drawing need no plotting package."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget


class Histogram(QWidget):
    """Bars over a value, with a mark at what is normal.

    Parameters
    ----------
    title : str
        For screen readers.
    axis : str
        Name of the value.
    mark : float or None
        Value to mark with a dashed line.
    """

    def __init__(self, title: str, axis: str, mark: float | None = None) -> None:
        super().__init__()
        self._axis, self._mark = axis, mark
        self._counts = np.zeros(0)
        self._edges = np.zeros(0)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a height that shows the shape."""
        return QSize(200, 90)

    def show_counts(
        self, counts: Sequence[int] | np.ndarray, edges: Sequence[float] | np.ndarray
    ) -> None:
        """Show counts (n,) between edges (n + 1,)."""
        self._counts, self._edges = np.asarray(counts, float), np.asarray(edges, float)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars, the mark and the ends of the axis."""
        if not len(self._counts):
            return
        painter = QPainter(self)
        text = self.fontMetrics().height()
        high, wide = self.height() - text - 2, self.width()
        low, top = self._edges[0], self._edges[-1]
        # The root lets a few holes be seen beside thousands of covered units.
        tall = np.sqrt(self._counts / max(1.0, self._counts.max())) * (high - 2)
        at = (self._edges - low) / (top - low) * wide
        for bar, (left, right) in enumerate(itertools.pairwise(at)):
            painter.fillRect(
                QRectF(left, high - tall[bar], max(1.0, right - left - 1), tall[bar]),
                self.palette().highlight().color(),
            )
        painter.setPen(self.palette().text().color())
        painter.drawLine(0, high, wide, high)
        foot = QRectF(0, high + 1, wide, text)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"{low:g}")
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, self._axis)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{top:g}")
        if self._mark is not None and low < self._mark < top:
            x = int((self._mark - low) / (top - low) * wide)
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawLine(x, 0, x, high)
        painter.end()
