"""The run that the Teach tab follows: begins it, asks things of it, finds it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dtn.annotator import CHOOSE
from napari_dtn.child import start_child
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run_asks import Asks
from napari_dtn.teach_run_beginning import Beginning
from napari_dtn.teach_run_commands import run_command
from napari_dtn.teach_run_follow import Others, RunNews, follow
from napari_dtn.teach_runs_alive import (
    AliveRun,
    alive_runs,
    look_alive,
    take_from_queue,
)

if TYPE_CHECKING:
    from dense_transformer.config import TeachConfig

NOTHING = "Nothing is annotated yet: paint a few strokes of each class first."
ASKED_S = 1.0  # what the end of napari waits for a file to be written


class TeachRun(QObject):
    """One run of the project, followed by reading its folder.

    The run is a process of its own that needs no window; everything here is asked
    of it by files. `TeachRun.of` gives the sections of a tab the same one.

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
    beginning_changed = Signal()  # the lesson of a new run is being frozen
    others_changed = Signal()
    told = Signal(object)  # RunNews
    begun = Signal(object)  # Path of a run that this window has begun and follows
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

    @classmethod
    def of(cls, context: TeachContext) -> TeachRun:
        """Return the one that all sections of a tab share."""
        found = context.findChild(cls)
        return found if found is not None else cls(context)

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
    def living(self) -> tuple[Path, ...]:
        """The runs of the project that live, the followed one first."""
        followed = self.news is not None and self.news.alive and self.run is not None
        own = (self.run,) if followed and self.run is not None else ()
        return (*own, *(other.run for other in self.others))

    # what it does

    def teach(self, config: TeachConfig) -> None:
        """Freeze the annotations into a new run of the chosen model and begin it.

        It is followed, but where the one that is followed still lives: then it waits.
        """
        project, model = self.context.project, self.context.model()
        if project is None or model is None:
            self.context.say(NOTHING if project is None else CHOOSE)
            return

        before = self.run
        self.coming = coming = Beginning(project, config, model.key)

        def begin() -> tuple[Path, bool]:
            run = coming.begin()
            return run, before is not None and look_alive(before) is not None

        self.beginning_changed.emit()
        self.context.say("")
        self.context.aside(begin, self._begun, self._not_begun)

    def pause(self) -> None:
        """Ask it to hold still."""
        self._ask("pause")

    def resume(self) -> None:
        """Let it go on: the process that waits, or a new one from the last save."""
        run = self.run
        if run is None:
            return
        self._passed, self._stays = frozenset(), False
        if self.state == "paused":
            self._ask("unpause")
            return

        def again() -> None:
            start_child(run_command(run), run)

        self.asks.do(again, lambda _: self._follow(run))

    def stop(self) -> None:
        """Ask it to end and keep what it has learned."""
        self._stay()
        self._ask("stop")

    def discard(self) -> None:
        """End it and put what it has learned into the trash of its folder."""
        self._stay()
        self._ask("discard", self._follow)

    def bring_back(self) -> None:
        """Take a discarded run out of the trash again."""
        self._ask("bring_back", self._follow)

    def discard_waiting(self, run: Path) -> None:
        """End another run, which waits."""
        # The follower may not have met it yet, and would not tell that it is gone.
        self.asks.do(lambda: take_from_queue(run), lambda _: self._follow(self.run))

    def adopt(self, run: Path) -> None:
        """Follow a run of the project; with one that has ended, stay."""
        self._follow(run)
        self._stays = True

    def shut_down(self) -> None:
        """Follow no more; the run goes on. May be called twice."""
        self._follower.shut_down()
        self.asks.finish(ASKED_S)

    # what happens

    @property
    def _for_coming(self) -> bool:
        """Whether what is asked is meant for the run that is being begun."""
        return self.beginning and (self.news is None or not self.news.alive)

    def _ask(self, what: str, then: Callable[[Path], None] | None = None) -> None:
        if self._for_coming:
            self.asks.ask(what, None, then)
        elif self.run is not None:
            self.asks.ask(what, self.run, then)

    def _stay(self) -> None:
        """Stay with the run that the person ends: they want to see what it came to."""
        self._passed = frozenset(other.run for other in self.others)

    def _begun(self, found: tuple[Path, bool]) -> None:
        run, waits = found
        self.coming = None
        if waits and self.alive:
            if run not in self.living:
                self.others = (*self.others, AliveRun(run, True))
            self.others_changed.emit()
            return
        self.begun.emit(run)
        self.asks.begun(run)
        self._follow(run)

    def _not_begun(self, error: Exception) -> None:
        self.coming = None
        self.asks.give_up()
        self.context.fail(error)
        self.run_changed.emit()

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
