"""How often something may be drawn that changes all the time."""

from __future__ import annotations

import math
import time
from functools import partial

from qtpy.compat import isalive
from qtpy.QtCore import QObject, Qt, QTimer, Signal

SHARE = 0.006  # of this thread's time; those of a software GL take as much again
PAINTED_MS = 150  # from a change until all that follows from it is drawn, at most
LONGEST_S = 4.0  # of a rest, whatever else this thread does


class Pace(QObject):
    """Lets drawing take a share of this thread's time, and less while it is busy.

    Without a GPU each change draws the whole window, canvas and all; what pyqtgraph
    changes is drawn one or two turns of the event loop later. So what this thread does
    meanwhile counts, whatever it is.

    Parameters
    ----------
    parent : QObject
        With which it ends.
    """

    due = Signal()  # what waited may be drawn

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rest_until = 0.0
        self._waits = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)  # others ring too early
        self._timer.timeout.connect(self._ring)

    @property
    def rests(self) -> bool:
        """Whether nothing should be drawn now."""
        return time.monotonic() < self._rest_until

    def wait(self) -> None:
        """Ask for `due` once the rest is over."""
        self._waits = True
        if math.isfinite(self._rest_until) and not self._timer.isActive():
            left = self._rest_until - time.monotonic()
            self._timer.start(max(0, math.ceil(1000 * left)))

    def drew(self, began: float) -> None:
        """Rest for as long as a drawing is worth that began at a `thread_time`."""
        self._waits = False
        self._timer.stop()
        self._rest_until = math.inf
        QTimer.singleShot(PAINTED_MS, partial(self._painted, began))

    def stop(self) -> None:
        """Ring no more. May be called twice, and after its end."""
        self._waits = False
        if isalive(self._timer):
            self._timer.stop()

    def _painted(self, began: float) -> None:
        rest = min((time.thread_time() - began) / SHARE, LONGEST_S)
        self._rest_until = time.monotonic() + rest
        if self._waits and isalive(self):
            self.wait()

    def _ring(self) -> None:
        self._waits = False
        self.due.emit()
