"""The prediction of the whole section that is looked at, made once."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from dense_transformer.types import Prediction
from napari_dtn.inspecting import InspectCore
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.predicting import Request


class WholePrediction(QObject):
    """Predicts when somebody asks first, and keeps what came of it.

    Parameters
    ----------
    core : InspectCore
        Predicts.
    runner : JobRunner
        In which it does.

    Attributes
    ----------
    value : Prediction or None
        All tiles, as learned.
    """

    there = Signal()  # `value` is there

    def __init__(self, core: InspectCore, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._core, self._runner = core, runner
        self.value: Prediction | None = None
        runner.succeeded.connect(lambda job, prediction: self.give(prediction))

    def ask(self, request: Request) -> None:
        """Predict unless it is there or on its way; `there` tells."""
        if self.value is not None:
            self.there.emit()
        elif self._runner.job is None:
            core = self._core
            self._runner.start(
                Job(lambda stop: core.predict(request, stop), "whole image")
            )

    def give(self, prediction: Prediction) -> None:
        """Take one that somebody else has made."""
        self.value = prediction
        self.there.emit()

    def clear(self) -> None:
        """Forget it, and stop: something else is looked at."""
        self._runner.stop()
        self.value = None
