"""Downloads beside the window: progress with a Cancel button, then a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.utils import cancelable_progress
from napari.utils.notifications import notification_manager, show_info
from qtpy.QtCore import QObject

from napari_dtn.jobs import Job, JobRunner, Work
from napari_dtn.layer_removal import take_away


class Fetching(QObject):
    """One download for one viewer; lives as long as the window's menu bar.

    A layer whose metadata hold `ticket` stands in for what is fetched: it gets the
    pixels and loses " (fetching)" from its name, or is removed.

    Parameters
    ----------
    viewer : napari.Viewer
        Has, or will have, the layer.
    name : str
        What is fetched, for people.
    work : callable
        As `Job` takes it.
    pixels : callable
        Makes the layer's data of the result of the work.
    """

    def __init__(
        self, viewer: Any, name: str, work: Work, pixels: Callable[[Any], Any]
    ) -> None:
        window = viewer.window.main_menu
        super().__init__(window)
        self.ticket = {"fetching": object()}
        self._viewer, self._name, self._pixels = viewer, name, pixels
        self._bar = cancelable_progress(total=0, desc=name)
        self._job = Job(work, name)
        self._runner = JobRunner(self)
        self._runner.progressed.connect(self._advance)
        self._runner.succeeded.connect(self._succeed)
        self._runner.failed.connect(self._fail)
        self._runner.stopped.connect(self._remove)
        self._runner.idle.connect(self._finish)
        # The window may go first: nothing of ours is called then, so the job is
        # told by the window itself.
        window.destroyed.connect(self._job.stop)
        show_info(f"Fetching {name}; the activity panel below shows it.")
        self._runner.start(self._job)

    def _layer(self) -> Any:
        """Return the layer that stands in, or None if the person removed it."""
        for layer in self._viewer.layers:
            if layer.metadata.get("fetching") is self.ticket["fetching"]:
                return layer
        return None

    def _advance(self, progress: Any) -> None:
        if self._bar.is_canceled or self._layer() is None:
            self._job.stop()
        if self._bar.total != progress.total:
            self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)

    def _succeed(self, job: Job, result: Any) -> None:
        layer = self._layer()
        if layer is not None:
            layer.data = self._pixels(result)
            layer.name = self._name
            del layer.metadata["fetching"]

    def _fail(self, job: Job, error: Exception) -> None:
        self._remove()
        notification_manager.receive_error(type(error), error, error.__traceback__)

    def _remove(self, job: Job | None = None) -> None:
        layer = self._layer()
        if layer is not None:
            take_away(self._viewer, [layer])

    def _finish(self) -> None:
        self._bar.close()
        self.deleteLater()
