"""Work beside the window: the only threads of the plugin.

The worker is a plain thread that knows no Qt; it leaves what it has to say in a
box that the window empties thirty times a second. So there is no signal to a
deleted object, no queue that outruns the window, and nothing of napari's that
keeps a finished worker's arrays alive.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QCoreApplication, QObject, QTimer, Signal

from dense_transformer.types import Progress

POLL_MS = 33
SHOW_S = 0.1  # between two looks at how far it is
# Python lets a thread run this long before another may; at the usual 5 ms a
# worker in pure Python takes the window several turns for every event.
SWITCH_S = 0.001
NICE = 5  # of a worker, on Linux, where priorities are a thread's and not a process's

Work = Callable[[Callable[[], bool]], Generator[Any, None, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """The work returned `result`."""

    result: Any


@dataclass(frozen=True, slots=True)
class Stopped:
    """The work ended early because it was asked to."""


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """The work raised `error`."""

    error: Exception


class Job:
    """One generator driven in a thread of its own.

    Parameters
    ----------
    work : callable
        Gets a function that says whether to stop, returns the generator. It is
        called in the thread, so that it may import what is slow to import. It
        yields Progress, and whatever else the window is to know early.
    name : str
        For people and for the thread.
    """

    def __init__(self, work: Work, name: str) -> None:
        self.name = name
        self._work: Work | None = work
        self._stop = threading.Event()
        self._box: deque[object] = deque()
        self._thread = threading.Thread(target=self._run, name=f"napari-dtn {name}")

    def start(self) -> None:
        """Begin in a new thread."""
        sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        self._thread.start()

    def stop(self) -> None:
        """Ask for an early end; returns at once."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether an early end was asked for."""
        return self._stop.is_set()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Return whether the thread ended within `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def take(self) -> list[object]:
        """Return what came since the last call, oldest first."""
        taken = []
        while self._box:
            taken.append(self._box.popleft())
        return taken

    def _run(self) -> None:
        step_back()
        try:
            self._box.append(self._drive())
        except Exception as error:  # noqa: BLE001 - whatever it is, the window shows it
            # The frames would keep the image and the network alive for as long
            # as napari remembers its notification.
            traceback.clear_frames(error.__traceback__)
            outcome = Stopped() if self.stopping else Failed(error)
            self._box.append(outcome)
        finally:
            self._work = None

    def _drive(self) -> Done | Stopped:
        assert self._work is not None
        steps = self._work(self._stop.is_set)
        while True:
            try:
                message = next(steps)
            except StopIteration as end:
                return Stopped() if self.stopping else Done(end.value)
            if self.stopping:
                steps.close()
                return Stopped()
            self._box.append(message)


class JobRunner(QObject):
    """Runs one job at a time and tells the window about it.

    A job that is started while another works takes its place: the other is
    asked to stop, and the new one begins when it has.
    """

    began = Signal(object)  # Job
    progressed = Signal(object)  # Progress: the newest
    noted = Signal(object)  # whatever else the work yields: every one
    succeeded = Signal(object, object)  # Job, its result
    stopped = Signal(object)  # Job
    failed = Signal(object, object)  # Job, Exception
    idle = Signal()  # nothing runs and nothing waits

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._next: Job | None = None
        self._newest: Progress | None = None
        self._shown = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(self.shut_down)

    @property
    def job(self) -> Job | None:
        """The job that works now, or waits for its turn."""
        return self._next or self._job

    def start(self, job: Job) -> None:
        """Run `job`, after the end of the one that works now, if any."""
        if self._job is not None:
            self._job.stop()
            self._next = job
            return
        self._begin(job)

    def stop(self) -> None:
        """Ask the job to end, forget the one that waits."""
        self._next = None
        if self._job is not None:
            self._job.stop()

    def shut_down(self) -> None:
        """Stop without a word; for a window that closes. May be called twice."""
        self.stop()
        self._job = None
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()

    def _begin(self, job: Job) -> None:
        self._job = job
        self._newest, self._shown = None, 0.0
        job.start()
        self._timer.start()
        self.began.emit(job)

    def _poll(self) -> None:
        job = self._job
        if job is None:
            return
        newest: Progress | None = None
        outcome: Done | Stopped | Failed | None = None
        for message in job.take():
            if isinstance(message, Progress):
                newest = _joined(newest, message)
            elif isinstance(message, Done | Stopped | Failed):
                outcome = message
            elif not job.stopping:
                self.noted.emit(message)
        self._newest = _joined(self._newest, newest)
        now = time.monotonic()
        if self._newest is not None and now - self._shown > SHOW_S and not job.stopping:
            self.progressed.emit(self._newest)
            self._newest, self._shown = None, now
        if outcome is not None:
            self._end(job, outcome)

    def _end(self, job: Job, outcome: Done | Stopped | Failed) -> None:
        self._timer.stop()
        self._job, waiting, self._next = None, self._next, None
        if isinstance(outcome, Done) and not job.stopping:
            self.succeeded.emit(job, outcome.result)
        elif isinstance(outcome, Failed):
            self.failed.emit(job, outcome.error)
        else:
            self.stopped.emit(job)
        if waiting is not None:
            self._begin(waiting)
        elif self._job is None:
            self.idle.emit()


def _joined(old: Progress | None, new: Progress | None) -> Progress | None:
    """Return the newer one, with the words of the older if it has none."""
    if old is None or new is None or new.message:
        return new or old
    return replace(new, message=old.message)


def step_back() -> None:
    """Let the window go first where this thread and what draws it want one core.

    The threads that torch makes for this one do the same.
    """
    if sys.platform == "linux":
        os.nice(NICE)
