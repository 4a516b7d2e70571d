"""What sections of a tab do beside drawing: long work, layers, words at the foot."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from dense_transformer.types import Progress
from napari_dtn.inspect_layers import LayerGroup
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.predicting import Stop


class SectionWork(QObject):
    """Runners and groups of layers of a tab's sections, which end with the tab.

    Parameters
    ----------
    viewer : napari.Viewer
        Where everything is drawn.
    widget : QWidget
        The tab.
    turn_s : float, optional
        What a turn of adding layers may take, s.
    """

    said = Signal(str)  # a line for the foot of the tab

    def __init__(
        self, viewer: Any, widget: QWidget, turn_s: float | None = None
    ) -> None:
        super().__init__(widget)
        self.viewer = viewer
        self._widget, self._turn_s = widget, turn_s
        self._groups: dict[str, LayerGroup] = {}
        self._runners: list[JobRunner] = []
        self._failed = False  # it is a failure that is said

    @property
    def busy(self) -> bool:
        """Whether anything is being computed or drawn."""
        running = any(runner.job is not None for runner in self._runners)
        return running or any(group.busy for group in self._groups.values())

    @property
    def on_screen(self) -> bool:
        """Whether the tab is the one that is looked at."""
        return bool(self._widget.isVisible())

    def runner(self) -> JobRunner:
        """Return a runner for a section's long work; stopped with the tab."""
        runner = JobRunner(self)
        runner.failed.connect(lambda job, error: self.fail(error))
        self._runners.append(runner)
        return runner

    def run(
        self,
        runner: JobRunner,
        name: str,
        work: Callable[[Stop], Generator[Progress, None, Any]],
    ) -> None:
        """Start long work; its result comes by `runner.succeeded`."""
        self.forget_failure()
        runner.start(Job(work, name))

    def group(self, name: str) -> LayerGroup:
        """Return the layers of a section, the same at every call."""
        if name not in self._groups:
            self._groups[name] = LayerGroup(
                self.viewer, name, self._widget, self._turn_s
            )
        return self._groups[name]

    def say(self, text: str) -> None:
        """Show a line at the foot of the tab."""
        self._failed = False
        self.said.emit(text)

    def fail(self, error: Exception) -> None:
        """Show what went wrong, as napari shows it."""
        self.say(f"Failed: {error}")
        self._failed = True
        notification_manager.receive_error(type(error), error, error.__traceback__)

    def forget_failure(self) -> None:
        """Take the line of a failure away: something new is begun."""
        if self._failed:
            self.say("")

    def shut_down(self) -> None:
        """Stop all work and take all layers away. May be called twice."""
        for runner in self._runners:
            runner.shut_down()
        for group in self._groups.values():
            group.shut_down()
        self._groups = {}
