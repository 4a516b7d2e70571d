"""Looks for models beside the window: those at hand, and files of one's own."""

from __future__ import annotations

from pathlib import Path

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from napari_dtn.collector import QuietCollector
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.predicting import Catalogue, Core, ModelInfo, look_around, once

# The dock is drawn first: while the system loads torch's libraries, it loads no
# others, and the window stands still where it needs one for its first drawing.
WAIT_MS = 200


class ModelFinder(QObject):
    """Two errands of the core, which import torch the first time."""

    listed = Signal(object)  # Catalogue
    opened = Signal(object)  # ModelInfo of a file
    failed = Signal(object)  # Exception

    def __init__(self, core: Core, parent: QObject) -> None:
        super().__init__(parent)
        self._core = core
        self._collector = QuietCollector()
        self._lister, self._opener = JobRunner(self), JobRunner(self)
        self._lister.succeeded.connect(self._listed)
        self._opener.succeeded.connect(self._opened)
        for runner in (self._lister, self._opener):
            runner.failed.connect(lambda job, error: self.failed.emit(error))
        self._lister.idle.connect(self._collector.let_go)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """Whether something is looked for."""
        return self._timer.isActive() or self._lister.job is not None or self.opening

    @property
    def opening(self) -> bool:
        """Whether a file is being read."""
        return self._opener.job is not None

    def look(self) -> None:
        """Find the models and devices at hand, soon."""
        self._timer.start()

    def _look(self) -> None:
        self._collector.hold()
        self._lister.start(Job(lambda stop: once(look_around, self._core), "models"))

    def open(self, path: Path) -> None:
        """Read what a model file says."""
        work = self._core.read_model
        self._opener.start(Job(lambda stop: once(work, path), "model file"))

    def shut_down(self) -> None:
        """Say nothing more. May be called twice."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
        self._lister.shut_down()
        self._opener.shut_down()
        self._collector.let_go()

    def _listed(self, job: Job, found: Catalogue) -> None:
        self.listed.emit(found)

    def _opened(self, job: Job, model: ModelInfo) -> None:
        self.opened.emit(model)
