"""Which run of the project one looks at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from napari_dtn.teach_run_words import TITLES

Line = tuple[Path, str]  # a run, and what it came to


class RunChoice(QWidget):
    """A list of the runs of the project, the newest first; hidden while there is one.

    An earlier run's curves and scores can be looked at again, and its model kept.
    """

    chosen = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setAccessibleName("Run to look at")
        self.combo.setToolTip("Its curves, scores and model are those shown below.")
        label = QLabel("&Run")
        label.setBuddy(self.combo)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self.combo, 1)
        self.combo.activated.connect(self._chosen)
        self.setVisible(False)

    def show_runs(self, lines: Sequence[Line], current: Path | None) -> None:
        """List these runs, oldest first, and choose one."""
        with QSignalBlocker(self.combo):
            self.combo.clear()
            for run, words in reversed(lines):
                self.combo.addItem(f"{run.name} · {words}", run)
            self.combo.setCurrentIndex(self._index(current))
        self.setVisible(len(lines) > 1)

    def _index(self, run: Path | None) -> int:
        runs = [self.combo.itemData(at) for at in range(self.combo.count())]
        return runs.index(run) if run in runs else -1

    def _chosen(self, at: int) -> None:
        self.chosen.emit(self.combo.itemData(at))


def describe_runs(runs: Sequence[Path]) -> list[Line]:
    """Return runs with what became of each, for people. Reads their folders."""
    from dense_transformer.teaching import read_status

    lines = []
    for run in runs:
        status = read_status(run)
        name = f" as {status.name}" if status.name else ""
        better = ", nothing better" if status.improved is False else ""
        lines.append((run, f"{TITLES[status.state].lower()}{name}{better}"))
    return lines
