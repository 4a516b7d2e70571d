"""Follows a run by reading its folder, in a thread of its own.

Knows neither napari nor Qt. Nothing here waits for the run, and nothing of the
window waits for this: disks may be slow and folders may go away.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dtn.child import exit_status, find_child, is_alive, last_words
from napari_dtn.teach_run_report import ReportBuilder, RunReport
from napari_dtn.teach_run_tail import EventTail
from napari_dtn.teach_run_words import describe, explain_death
from napari_dtn.teach_runs_alive import AliveRun, alive_runs, is_young

if TYPE_CHECKING:
    from dense_transformer.teaching.status import RunStatus

LOOK_S = 0.25  # between two looks at a run that is at work
REST_S = 1.0  # at one that has ended: somebody may go on with it; at the others
WAKE_S = 0.05
PACE_S = 20.0  # steps that are older don't count for the pace
GRACE_S = 4.0  # until a run whose process is gone counts as dead
FAILED = 1  # exit status of `dtn` after an error
ENDED = ("stopped", "finished", "kept", "discarded", "died")


@dataclass(frozen=True, slots=True, eq=False)
class RunNews:
    """A run as its folder shows it.

    Attributes
    ----------
    run : Path
        Its folder.
    state : str
        As `RunStatus.state`, or ``"starting"`` while its process loads.
    status : RunStatus
        What it says about itself.
    report : RunReport
        What it has come to.
    words : str
        What it is doing, for people.
    remedy : str
        Why it died and what to do; empty unless it did.
    in_trash : bool
        Whether it was discarded and can be brought back.
    """

    run: Path
    state: str
    status: RunStatus
    report: RunReport
    words: str
    remedy: str = ""
    in_trash: bool = False

    @property
    def alive(self) -> bool:
        """Whether a process works on it or waits to."""
        return self.state not in ENDED


@dataclass(frozen=True, slots=True)
class Others:
    """The runs of the project that live beside the one that is followed."""

    run: Path  # that is followed
    alive: tuple[AliveRun, ...]


def follow(
    run: Path, stop: Callable[[], bool]
) -> Generator[RunNews | Others | Path, None, None]:
    """Yield what is new in a run's folder until asked to stop.

    So are the other runs of the project that live. Once it has ended, a newer run of
    the project that somebody else has begun, in a terminal perhaps, is yielded as its
    folder.
    """
    look = _Look(run)
    others: tuple[AliveRun, ...] | None = None
    looked = -REST_S
    while True:
        lived, news = look.alive, look.again()
        # Whoever hears that it has ended chooses among those that live then.
        if time.monotonic() - looked >= REST_S or look.alive != lived:
            looked = time.monotonic()
            before, others = others, alive_runs(run.parent, run)
            if others != before:
                yield Others(run, others)
        if news is not None:
            yield news
        if not look.alive and (newer := newer_run(run)) is not None:
            yield newer
        if not rest(LOOK_S if look.alive else REST_S, stop):
            return


def newer_run(run: Path) -> Path | None:
    """Return the newest run that was begun after `run`, if it has come to anything."""
    try:
        names = [path.name for path in run.parent.iterdir()]
    except OSError:
        return None
    newer = sorted(name for name in names if name.isdigit() and name > run.name)
    for found in (run.parent / name for name in reversed(newer)):
        if (found / "lesson.json").exists():
            news = look_at(found)
            if news.report.step > 0 and news.state != "discarded":
                return found
    return None


def rest(seconds: float, stop: Callable[[], bool]) -> bool:
    """Wait; return whether to go on. Python waits at its end for whoever does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if stop() or not threading.main_thread().is_alive():
            return False
        time.sleep(WAKE_S)
    return not stop()


def look_at(run: Path) -> RunNews:
    """Return how a run stands now."""
    news = _Look(run).again()
    assert news is not None
    return news


class _Look:
    """What was seen of a run so far."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.alive = True
        self._tail = EventTail(run / "events.jsonl")
        self._builder = ReportBuilder(_steps(run))
        self._before: Any = None
        self._gone_since: float | None = None
        self._seen = [(time.monotonic(), 0)]  # when it was at which step

    def again(self) -> RunNews | None:
        """Return the news, or None where there are none."""
        from dense_transformer.teaching.status import read_status
        from dense_transformer.teaching.trash import can_bring_back

        count = 0
        while events := self._tail.read():
            if self._tail.anew:
                self._builder = ReportBuilder(_steps(self.run))
            for event in events:
                self._builder.take(event)
            count += len(events)
        status = read_status(self.run)
        self._builder.steps = status.steps or self._builder.steps or _steps(self.run)
        state = self._state(status)
        self.alive = state not in ENDED
        in_trash = not self.alive and can_bring_back(self.run)
        seen = state, status, in_trash
        if count == 0 and seen == self._before:
            return None
        self._before = seen
        report = self._timed(self._builder.report(), state)
        remedy = self._remedy(report.step) if state == "died" else ""
        words = describe(state, status, report)
        return RunNews(self.run, state, status, report, words, remedy, in_trash)

    def _timed(self, report: RunReport, state: str) -> RunReport:
        """Return the report with the pace of late, as seen from here."""
        if state != "running" or report.step < self._seen[-1][1]:
            self._seen = [(time.monotonic(), report.step)]
            return report
        now = time.monotonic()
        self._seen = [pair for pair in self._seen if now - pair[0] < PACE_S]
        self._seen.append((now, report.step))
        began, taken = self._seen[0][0], report.step - self._seen[0][1]
        if report.rate is not None or taken < 2 or now - began < 1.0:
            return report
        rate = taken / (now - began)
        return replace(
            report, rate=rate, seconds_left=(report.steps - report.step) / rate
        )

    def _state(self, status: RunStatus) -> str:
        """Return the state with what is known of the process.

        Between its start and its first word a run has no lock; one that dies
        there leaves no word at all.
        """
        child = find_child(self.run)
        if child is None:
            return status.state
        if is_alive(child):
            self._gone_since = None
            silent = status.state in ENDED or not (self.run / "status.json").exists()
            loads = silent and is_young(self.run, child.began)
            return "starting" if loads else status.state
        if status.state == "stopped" and (exit_status(child) or 0) == FAILED:
            return "died"  # an error ended it; what it had is saved
        if status.state != "queued":
            return status.state
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        # `dtn teach` in a terminal may have taken it over: that one holds its lock.
        from dense_transformer.teaching.run_lock import is_held

        if is_held(self.run / "lock"):
            return status.state
        known = exit_status(child) is not None or now - self._gone_since > GRACE_S
        return "died" if known else status.state

    def _remedy(self, step: int) -> str:
        child = find_child(self.run)
        ended = None if child is None else exit_status(child)
        return explain_death(last_words(self.run), ended, step)


def _steps(run: Path) -> int:
    """Return how many steps a run will take; 0 while nobody knows."""
    try:
        record = json.loads((run / "config.json").read_bytes())
        steps = record["config"]["steps"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return steps if isinstance(steps, int) else 0
