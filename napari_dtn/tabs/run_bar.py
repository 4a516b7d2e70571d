"""Run, Stop, how far it is, and what happened."""

from __future__ import annotations

import math
import time
from functools import partial

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dense_transformer.types import Progress

SHARE = 0.02  # of the time may go into drawing progress
LEAST_REST_S = 0.5  # between drawings: what threads of a software GL do isn't seen


class RunBar(QWidget):
    """Two buttons, a progress bar with the time left, and a line of words."""

    run_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        # Signs, not icons: Qt's are black in every theme.
        self.run = QPushButton("▶ Run")
        self.run.setAccessibleName("Run")
        self.run.setToolTip("Predict the boundaries of the image.")
        self.stop = QPushButton("■ Stop")
        self.stop.setAccessibleName("Stop")
        self.stop.setToolTip(
            "End the prediction; the layers become what they were before it."
        )
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(True)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setAccessibleName("Status")
        self.status.setTextFormat(self.status.textFormat().PlainText)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run, 2)
        buttons.addWidget(self.stop, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addWidget(self.status)
        self.run.clicked.connect(self.run_clicked)
        self.stop.clicked.connect(self.stop_clicked)
        self._rest_until = 0.0
        self._message = ""
        self._ready = True
        self.set_working(False)

    def set_working(self, working: bool) -> None:
        """Enable what can be pressed now."""
        self.setUpdatesEnabled(False)
        self._rest_until, self._message, self._working = 0.0, "", working
        self.run.setEnabled(self._ready and not working)
        self.stop.setEnabled(working)
        self.bar.setEnabled(working)
        self.bar.setValue(0)
        self.bar.setFormat("")
        self.setUpdatesEnabled(True)

    def set_ready(self, ready: bool) -> None:
        """Say whether there is something to run."""
        self._ready = ready
        self.run.setEnabled(ready and not self._working)

    def show_progress(self, progress: Progress) -> bool:
        """Show how far it is, unless it was shown a moment ago; return if it was.

        Each change draws the whole window, canvas and all: 15 to 30 ms without a
        GPU, 2 ms with one. So it gets a fixed share of the time. No busy bar
        before the first unit either: it would be drawn without end.
        """
        self._message = progress.message or self._message
        began = time.monotonic()
        if began < self._rest_until:
            return False
        share = progress.done / max(1, progress.total)
        left = f" · {time_left(progress.seconds_left)}" if progress.done else ""
        # A progress bar draws itself at once: all changes make one drawing.
        self.setUpdatesEnabled(False)
        self.bar.setFormat(f"{share:.0%}{left}")
        self.bar.setValue(round(1000 * share))
        if self._message:
            self.status.setText(self._message)
        self.setUpdatesEnabled(True)
        self._rest_until = math.inf  # until it is drawn
        QTimer.singleShot(0, partial(self._drawn, began))
        return True

    def _drawn(self, began: float) -> None:
        """Rest for as long as the drawing since `began` was worth."""
        now = time.monotonic()
        rest = max(LEAST_REST_S, (now - began) / SHARE)
        self._rest_until = min(self._rest_until, now + rest)

    def say(self, text: str) -> None:
        """Show a line of words."""
        self.status.setText(text)


def time_left(seconds: float | None) -> str:
    """Return an estimate as people say it."""
    if seconds is None:
        return "estimating"
    if seconds < 1:
        return "almost done"
    if seconds < 90:
        return f"{seconds:.0f} s left"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min left"
    return f"{seconds / 3600:.1f} h left"
