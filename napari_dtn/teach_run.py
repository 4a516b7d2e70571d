"""The runs of the Teach tab: begins them, asks things of the one that is followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_dtn.child import start_child
from napari_dtn.followed_run import FollowedRun
from napari_dtn.image_opener import CHOOSE
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run_beginning import Beginning
from napari_dtn.teach_run_commands import run_command
from napari_dtn.teach_runs_alive import AliveRun, look_alive, take_from_queue

if TYPE_CHECKING:
    from dense_transformer.config import TeachConfig

NOTHING = "Nothing is annotated yet: paint a few strokes of each class first."
ASKED_S = 1.0  # what the end of napari waits for a file to be written


class TeachRun(FollowedRun):
    """Begins runs, and asks things of the one that is followed.

    A run is a process of its own that needs no window; everything here is asked of it
    by files. `TeachRun.of` gives the sections of a tab the same one.
    """

    beginning_changed = Signal()  # the lesson of a new run is being frozen
    begun = Signal(object)  # Path of a run that this window has begun and follows

    @classmethod
    def of(cls, context: TeachContext) -> TeachRun:
        """Return the one that all sections of a tab share."""
        found = context.findChild(cls)
        return found if found is not None else cls(context)

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

    def shut_down(self) -> None:
        """Follow no more; the run goes on. May be called twice."""
        self._follower.shut_down()
        self.asks.finish(ASKED_S)

    # what happens

    def _ask(self, what: str, then: Callable[[Path], None] | None = None) -> None:
        if self._for_coming:
            self.asks.ask(what, None, then)
        elif self.run is not None:
            self.asks.ask(what, self.run, then)

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
