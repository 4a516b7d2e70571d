"""The run that the Teach tab follows: begins it, asks things of it, finds it again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dtn.child import end_child, find_child, start_child
from napari_dtn.in_order import InOrder
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run_follow import RunNews, follow, look_at

if TYPE_CHECKING:
    from dense_transformer.config import TeachConfig

NOTHING = "Nothing is annotated yet: paint a few strokes of each class first."
ASKED_S = 1.0  # what the end of napari waits for a file to be written
ENDING_S = 8.0  # what a run that must go away gets before it is killed


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
    """

    run_changed = Signal()  # another run is followed, or none
    told = Signal(object)  # RunNews
    begun = Signal(object)  # Path of a run that this window has begun

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self.context = context
        self.run: Path | None = None
        self.news: RunNews | None = None
        self._beginning = False
        self._asks = InOrder("run", self)  # never behind a project that is read
        self._asks.failed.connect(context.fail)
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
        return self._beginning

    @property
    def state(self) -> str:
        """What it is doing; empty where there is none."""
        if self._beginning:
            return "starting"
        return "" if self.news is None else self.news.state

    @property
    def alive(self) -> bool:
        """Whether a process works on it, or waits to."""
        return self._beginning or (self.news is not None and self.news.alive)

    # what it does

    def teach(self, config: TeachConfig) -> None:
        """Freeze the annotations into a new run of the chosen model and begin it."""
        project, model = self.context.project, self.context.model()
        if project is None or model is None:
            self.context.say(NOTHING)
            return

        def begin() -> Path:
            from dense_transformer.teaching.beginning import begin_run

            run: Path = begin_run(project, config, model.key)
            start_child(run_command(run), run)
            return run

        self._beginning = True
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
        if self.state == "paused":
            self._ask("unpause")
            return

        def again() -> None:
            start_child(run_command(run), run)

        self._asks.ask(again, lambda _: self._follow(run))

    def stop(self) -> None:
        """Ask it to end and keep what it has learned."""
        self._ask("stop")

    def discard(self) -> None:
        """End it and put what it has learned into the trash of its folder."""
        run = self.run
        if run is None:
            return

        def away() -> None:
            from dense_transformer.teaching.trash import put_away

            put_away(run, ENDING_S, force=lambda: _kill(run))

        self._asks.ask(away, lambda _: self._follow(run))

    def bring_back(self) -> None:
        """Take a discarded run out of the trash again."""
        run = self.run
        if run is None:
            return

        def back() -> None:
            from dense_transformer.teaching.trash import bring_back

            bring_back(run)

        self._asks.ask(back, lambda _: self._follow(run))

    def adopt(self, run: Path) -> None:
        """Follow a run of the project."""
        self._follow(run)

    def shut_down(self) -> None:
        """Follow no more; the run goes on. May be called twice."""
        self._follower.shut_down()
        self._asks.finish(ASKED_S)

    # what happens

    def _ask(self, what: str) -> None:
        run = self.run
        if run is None:
            return

        def ask() -> None:
            from dense_transformer.teaching import control

            getattr(control, what)(run)

        self._asks.ask(ask)

    def _begun(self, run: Path) -> None:
        self._beginning = False
        self.begun.emit(run)
        self._follow(run)

    def _not_begun(self, error: Exception) -> None:
        self._beginning = False
        self.context.fail(error)
        self.run_changed.emit()

    def _look_for_runs(self) -> None:
        """Find the newest run of a project that was opened, dead or alive."""
        project = self.context.project
        if project is None:
            self._follow(None)
            return

        def newest() -> Path | None:
            runs = [look_at(run) for run in project.runs[-8:]]
            alive = [news.run for news in runs if news.alive and _is_run(news.run)]
            there = [news.run for news in runs if _is_run(news.run)]
            return (alive or there[::-1] or [None])[0]

        self.context.aside(newest, self._found)

    def _found(self, run: Path | None) -> None:
        if run is not None and self.run is None and not self._beginning:
            self._follow(run)

    def _follow(self, run: Path | None) -> None:
        if run != self.run:
            self.run, self.news = run, None
        if run is None:
            self._follower.stop()
        else:
            work: Callable[[Any], Any] = lambda stop: follow(run, stop)  # noqa: E731
            self._follower.start(Job(work, "follow"))
        self.run_changed.emit()

    def _noted(self, news: RunNews | Path) -> None:
        if isinstance(news, Path):
            if not self.alive:
                self._follow(news)
        elif news.run == self.run:
            self.news = news
            self.told.emit(news)


def run_command(run: Path) -> list[str]:
    """Return the command that works on a run until its end."""
    project = run.parent.parent
    return [
        sys.executable, "-m", "dense_transformer", "teach", str(project),
        "--run", run.name,
    ]  # fmt: skip


def repeating_command(run: Path) -> list[str]:
    """Return the command that teaches the same again, in another run.

    On the same annotations and a CPU with as many threads its models are the same,
    bit for bit.
    """
    from dense_transformer.config import TeachConfig
    from dense_transformer.teaching.beginning import START, read_teaching

    config, usual = read_teaching(run).to_dict(), TeachConfig().to_dict()
    command = [*run_command(run)[:-2], "--model", str(run / START)]
    for name, value in config.items():
        if value == usual[name] or name == "augment":
            continue
        option = name.replace("_", "-")
        if isinstance(value, bool):
            command.append(f"--{option}" if value else f"--no-{option}")
        else:
            text = (
                ",".join(map(str, value)) if isinstance(value, list | tuple) else value
            )
            command += [f"--{option}", str(text)]
    return command


def _is_run(run: Path) -> bool:
    return (run / "lesson.json").exists()


def _kill(run: Path) -> None:
    """End a process that doesn't listen."""
    child = find_child(run)
    if child is not None:
        end_child(child)
