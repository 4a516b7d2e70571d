"""What a person asks of a run, from the click until it has happened."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dtn.in_order import InOrder
from napari_dtn.teach_runs_alive import discard_run, stop_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dtn.teach_run_follow import RunNews

ENDED = ("stopped", "finished", "kept", "discarded", "died")
HAPPENED = {  # in which states that is so
    "pause": ("paused", *ENDED),
    "unpause": ("queued", "probing", "running", *ENDED),
    "stop": ENDED,
    "discard": ("discarded",),
    "bring_back": tuple(state for state in ENDED if state != "discarded"),
}


class Asks(QObject):
    """Asks things of runs by files, one after the other, beside the window.

    What is asked while a run is being begun is done as soon as it has a folder.

    Attributes
    ----------
    what : str
        A key of `HAPPENED` that was asked last, until it has happened; else empty.
    """

    changed = Signal()  # `what` is another
    failed = Signal(object)  # Exception

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.what = ""
        self._run: Path | None = None  # of which it was asked
        self._then: Callable[[Path], None] | None = None
        self._order = InOrder("run", self)  # never behind a project that is read
        self._order.failed.connect(self._failed)

    def ask(
        self, what: str, run: Path | None, then: Callable[[Path], None] | None = None
    ) -> None:
        """Ask something of a run, or of the one that is being begun (None).

        Parameters
        ----------
        what : str
            A key of `HAPPENED`.
        run : Path or None
            Its folder.
        then : callable or None
            Gets the folder once that was asked.
        """
        self._run, self._then = run, then
        self._say(what)
        if run is None:
            return
        done = None if then is None else lambda _: then(run)
        self._order.ask(partial(_do, what, run), done)

    def begun(self, run: Path) -> None:
        """Do what was asked while this run was being begun."""
        if self.what and self._run is None:  # else it was asked of the one before
            self.ask(self.what, run, self._then)

    def do(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do other work on runs in the same order."""
        self._order.ask(work, then)

    def take(self, news: RunNews) -> None:
        """Take note of how the run stands."""
        if self.what and news.run == self._run and news.state in HAPPENED[self.what]:
            self._say("")

    def look_at(self, run: Path | None) -> None:
        """Wait for nothing more of other runs than this one."""
        if run != self._run:
            self._say("")

    def give_up(self) -> None:
        """Wait for nothing more: the run that was being begun never came."""
        if self._run is None:
            self._say("")

    def finish(self, seconds: float) -> None:
        """Tell nobody any more; wait so long for files to be written."""
        self._order.finish(seconds)

    def _failed(self, error: Exception) -> None:
        self._say("")
        self.failed.emit(error)

    def _say(self, what: str) -> None:
        if what != self.what:
            self.what = what
            self.changed.emit()


def _do(what: str, run: Path) -> None:
    from dense_transformer.teaching import control, trash

    work: dict[str, Callable[[Path], None]] = {
        "pause": control.pause,
        "unpause": control.unpause,
        "stop": stop_run,
        "discard": discard_run,
        "bring_back": trash.bring_back,
    }
    work[what](run)
