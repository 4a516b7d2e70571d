"""Short work beside the window that must happen in the order it was asked for.

Such as writing strokes to a disk that takes its time: the window never waits, and
what was asked for first is done first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from napari_dtn.jobs import Done, Failed, Job, Stopped

POLL_MS = 8  # while something is done; a job's 33 ms would show in an undo

Work = Callable[[], Any]
Then = Callable[[Any], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    then: Then | None
    otherwise: Callable[[Exception], None] | None
    result: Any = None
    error: Exception | None = None


class InOrder(QObject):
    """Does one piece of work after the other in a thread; forgets none.

    A piece that fails is told of, and the next is done all the same.
    """

    failed = Signal(object)  # Exception of a piece that nobody else is told of
    idle = Signal()  # everything is done and told

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._waiting: deque[tuple[Work, Then | None, Any]] = deque()
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether something is being done, or waits."""
        return self._job is not None

    def ask(
        self,
        work: Work,
        then: Then | None = None,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Do `work` in the thread after all that was asked for before.

        Parameters
        ----------
        work : callable
            Short: the next stroke waits for it.
        then : callable or None
            Gets its result, in the window's thread.
        otherwise : callable or None
            Gets its exception there; None: `failed` is emitted.
        """
        self._waiting.append((work, then, otherwise))
        if self._job is None:
            self._begin()

    def finish(self, seconds: float) -> bool:
        """Tell nobody any more; return whether all was done within `seconds`.

        What is not is still done, as Python waits for its threads at its end.
        May be called twice.
        """
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
        job, self._job = self._job, None
        if job is not None and job.wait(seconds) and self._waiting:
            job = None  # it ended just before the last piece came
        if job is None and self._waiting:
            job = Job(self._drain, self._name)
            job.start()
        return job is None or job.wait(seconds)

    def _begin(self) -> None:
        self._job = Job(self._drain, self._name)
        self._job.start()
        if isalive(self._timer):  # what the end of napari asks for is done untold
            self._timer.start()

    def _drain(self, stop: Callable[[], bool]) -> Generator[_Outcome, None, None]:
        while self._waiting:
            work, then, otherwise = self._waiting.popleft()
            try:
                outcome = _Outcome(then, otherwise, result=work())
            except Exception as error:  # noqa: BLE001 - told in the window's thread
                outcome = _Outcome(then, otherwise, error=error)
            del work
            yield outcome

    def _poll(self) -> None:
        job = self._job
        messages = [] if job is None else job.take()
        if any(isinstance(m, Done | Failed | Stopped) for m in messages):
            self._job = None
            self._timer.stop()
            if self._waiting:  # it came while the thread was ending
                self._begin()
        for message in messages:
            if isinstance(message, _Outcome):
                self._tell(message)
        if messages and self._job is None:
            self.idle.emit()

    def _tell(self, outcome: _Outcome) -> None:
        if outcome.error is None:
            if outcome.then is not None:
                outcome.then(outcome.result)
        elif outcome.otherwise is not None:
            outcome.otherwise(outcome.error)
        else:
            self.failed.emit(outcome.error)
