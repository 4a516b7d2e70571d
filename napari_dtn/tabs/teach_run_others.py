"""The runs of a project beside the one that is followed, a line for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_dtn.teach_runs_alive import AliveRun


class OtherRuns(QWidget):
    """Says which runs wait or are at work; shows one, takes one from the queue."""

    show_clicked = Signal(object)  # Path
    discard_clicked = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._lines: list[QWidget] = []
        self.setVisible(False)

    def show_runs(self, others: Sequence[AliveRun]) -> None:
        """Show these and no others."""
        for line in self._lines:
            self._column.removeWidget(line)
            line.deleteLater()
        self._lines = [self._line(other) for other in others]
        for line in self._lines:
            self._column.addWidget(line)
        self.setVisible(bool(others))

    def _line(self, other: AliveRun) -> QWidget:
        line, name = QWidget(), other.run.name
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        words = f"Waits: {name}" if other.waits else f"At work: {name}"
        row.addWidget(QLabel(words), 1)
        show = QPushButton("Show")
        show.setAccessibleName(f"Show run {name}")
        show.setToolTip("Follow this run; the buttons above are then for it.")
        show.clicked.connect(partial(self.show_clicked.emit, other.run))
        row.addWidget(show)
        if other.waits:
            row.addWidget(self._discard(other))
        return line

    def _discard(self, other: AliveRun) -> QPushButton:
        button = QPushButton("✕")
        button.setAccessibleName(f"Discard run {other.run.name}")
        button.setToolTip("Take it from the queue; the annotations stay.")
        button.clicked.connect(partial(self.discard_clicked.emit, other.run))
        return button
