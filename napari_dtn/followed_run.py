"""The run that the Teach tab follows: finds it, reads how it goes, goes to the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_dtn.jobs import Job, JobRunner
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run_asks import Asks
from napari_dtn.teach_run_beginning import Beginning
from napari_dtn.teach_run_follow import Others, RunNews, follow
from napari_dtn.teach_runs_alive import AliveRun, alive_runs

COMPUTING = ("probing", "running")


class FollowedRun(QObject):
    """One run of the project, followed by reading its folder.

    Parameters
    ----------
    context : TeachContext
        Whose project it is.

    Attributes
    ----------
    run : Path or None
        Folder of the run that is followed.
    news : RunNews or None
        How it stood when last looked at.
    others : tuple of AliveRun
        The other runs of the project that live, those at work first.
    coming : Beginning or None
        The run whose lesson is being frozen.
    asks : Asks
        What the person has asked of the run, until it has happened.
    """

    run_changed = Signal()  # another run is followed, or none
    others_changed = Signal()
    told = Signal(object)  # RunNews
    taken_up = Signal(object)  # Path of a run that was found alive

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self.context = context
        self.run: Path | None = None
        self.news: RunNews | None = None
        self.others: tuple[AliveRun, ...] = ()
        self._passed: frozenset[Path] = frozenset()  # runs not to go over to
        self._stays = False  # with a run that has ended: the person looks at it
        self.coming: Beginning | None = None
        self.asks = Asks(self)
        self.asks.failed.connect(context.fail)
        self._follower = JobRunner(self)
        self._follower.noted.connect(self._noted)
        self._follower.failed.connect(lambda job, error: context.fail(error))
        context.project_changed.connect(self._look_for_runs)
        self._look_for_runs()

    @property
    def beginning(self) -> bool:
        """Whether the lesson of a new run is being frozen."""
        return self.coming is not None

    @property
    def state(self) -> str:
        """What it is doing; empty where there is none."""
        if self._for_coming:
            return "starting"
        return "" if self.news is None else self.news.state

    @property
    def alive(self) -> bool:
        """Whether a process works on it, or waits to."""
        return self.beginning or (self.news is not None and self.news.alive)

    @property
    def at_work(self) -> bool:
        """Whether it, or another run of the project, computes just now."""
        own = self.news is not None and self.news.state in COMPUTING
        return own or any(not other.waits for other in self.others)

    @property
    def living(self) -> tuple[Path, ...]:
        """The runs of the project that live, the followed one first."""
        followed = self.news is not None and self.news.alive and self.run is not None
        own = (self.run,) if followed and self.run is not None else ()
        return (*own, *(other.run for other in self.others))

    def adopt(self, run: Path) -> None:
        """Follow a run of the project; with one that has ended, stay."""
        self._follow(run)
        self._stays = True

    # what happens

    @property
    def _for_coming(self) -> bool:
        """Whether what is asked is meant for the run that is being begun."""
        return self.beginning and (self.news is None or not self.news.alive)

    def _stay(self) -> None:
        """Stay with the run that the person ends: they want to see what it came to."""
        self._passed = frozenset(other.run for other in self.others)

    def _look_for_runs(self) -> None:
        """Find the newest run of a project that was opened, dead or alive."""
        project = self.context.project
        if project is None:
            self._follow(None)
            return

        def newest() -> tuple[Path | None, bool]:
            alive = alive_runs(Path(project.folder) / "runs")
            if alive:
                return alive[0].run, True
            return next((r for r in project.runs[::-1] if _is_run(r)), None), False

        self.context.aside(newest, self._found)

    def _found(self, found: tuple[Path | None, bool]) -> None:
        run, alive = found
        if run is not None and self.run is None and not self.beginning:
            self._follow(run)
            if alive:
                self.taken_up.emit(run)

    def _follow(self, run: Path | None) -> None:
        if run != self.run:
            self.run, self.news = run, None
            self._passed, self._stays = frozenset(), False
            self.asks.look_at(run)
            self._set_others(tuple(o for o in self.others if run and o.run != run))
        if run is None:
            self._follower.stop()
        else:
            work: Callable[[Any], Any] = lambda stop: follow(run, stop)  # noqa: E731
            self._follower.start(Job(work, "follow"))
        self.run_changed.emit()

    def _noted(self, news: RunNews | Others | Path) -> None:
        if isinstance(news, Path):
            if not self.alive and not self._stays and news not in self._passed:
                self._follow(news)
            return
        if news.run != self.run:
            return
        if isinstance(news, Others):
            self._set_others(news.alive)
            return
        lived, self.news = self.alive, news
        self._stays = self._stays and not news.alive
        self.asks.take(news)
        self.told.emit(news)
        if lived and not self.alive:
            self._go_over()

    def _set_others(self, others: tuple[AliveRun, ...]) -> None:
        if others != self.others:
            self.others = others
            self.others_changed.emit()

    def _go_over(self) -> None:
        """Follow the next run that lives, once this one has ended by itself."""
        found = (other.run for other in self.others if other.run not in self._passed)
        following, news = next(found, None), self.news
        if news is None or following is None:
            return
        self._follow(following)
        self.context.say(f"{news.run.name}: {news.words} {news.remedy}".strip())


def _is_run(run: Path) -> bool:
    return (run / "lesson.json").exists()
