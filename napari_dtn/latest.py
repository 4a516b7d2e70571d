"""Work whose newest order counts: what a slider or a dragged point asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from napari_dtn.jobs import Done, Failed, Job
from napari_dtn.predicting import once

POLL_MS = 8  # while something is computed; a job's 33 ms would show in a drag


class LatestWins(QObject):
    """Runs one order at a time; of those that wait only the newest is kept.

    An order that was begun is finished and shown, so that the picture follows a
    hand that never rests; the last order is always run, and run last.
    """

    answered = Signal(object, object)  # order, result
    failed = Signal(object, object)  # order, Exception
    idle = Signal()  # nothing runs and nothing waits

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._job: Job | None = None
        self._order: Any = None
        self._waiting: tuple[Any, Callable[[], Any]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether an order runs or waits."""
        return self._job is not None

    def ask(self, order: Any, work: Callable[[], Any]) -> None:
        """Run `work` beside the window, after what runs now; forget what waited."""
        self._waiting = order, work
        if self._job is None:
            self._begin()

    def shut_down(self) -> None:
        """Show nothing more. May be called twice."""
        self._waiting = self._job = self._order = None
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()

    def _begin(self) -> None:
        assert self._waiting is not None
        (self._order, work), self._waiting = self._waiting, None
        self._job = Job(lambda stop: once(work), self._name)
        self._job.start()
        self._timer.start()

    def _poll(self) -> None:
        job = self._job
        messages = [] if job is None else job.take()
        ends = [m for m in messages if isinstance(m, Done | Failed)]
        if not ends:
            return
        order, self._job, self._order = self._order, None, None
        if self._waiting is not None:
            self._begin()  # before the slots, which draw
        else:
            self._timer.stop()
        if isinstance(ends[0], Done):
            self.answered.emit(order, ends[0].result)
        else:
            self.failed.emit(order, ends[0].error)
        if self._job is None:
            self.idle.emit()
