"""One run at work: its counters, its events, and everything it saves."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from dense_transformer.files import atomic_write
from dense_transformer.training.pace import Pace
from dense_transformer.training.preview import draw_preview
from dense_transformer.training.preview_file import pack_preview
from dense_transformer.training.record import make_card
from dense_transformer.training.result import Ending, TrainResult
from dense_transformer.training.state import pack_state, unpack_state
from dense_transformer.types import Progress, Scores
from dense_transformer.zoo import save_model

if TYPE_CHECKING:
    from dense_transformer.config import TrainConfig
    from dense_transformer.data import DataSet
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.training.learner import Learner, StepReport
    from dense_transformer.training.processes import Processes
    from dense_transformer.training.run_directory import RunDirectory
    from dense_transformer.training.validation import Validation
    from dense_transformer.zoo import Card


class Session:
    """A run at work in the process that leads; others keep only the counters.

    Attributes
    ----------
    step : int
        Steps taken so far.
    validated : int
        Step of the last validation; 0 if none.
    skipped : int
        Steps left out because they were not finite.
    """

    def __init__(
        self,
        config: TrainConfig,
        directory: RunDirectory,
        learner: Learner,
        processes: Processes,
    ) -> None:
        self.config, self.directory, self.learner = config, directory, learner
        self.processes, self.leads = processes, processes.leads
        self.record = directory.read_record() if self.leads else {}
        self.pace = Pace()
        self.step = self.validated = self.skipped = self.waited = 0
        self.saved = -1
        self.best_merit = -math.inf
        self.best_scores: dict[str, float] = {}
        self.latest: Validation | None = None
        self._values: tuple[tuple[str, float], ...] = ()

    @property
    def validation_due(self) -> bool:
        """Whether these weights are to be validated before the next step."""
        last = self.step == self.config.steps
        return self.validated < self.step and (
            last or self.step % self.config.validate_every == 0
        )

    @property
    def without_gain(self) -> bool:
        """Whether validations haven't improved for as long as is borne."""
        return 0 < self.config.patience <= self.waited

    def load(self, content: bytes) -> None:
        """Go on from a packed state; from the start if it is empty."""
        if not content:
            return
        state = unpack_state(content, str(self.directory.state))
        self.learner.load(state["learner"])
        self.step, self.validated = state["step"], state["validated"]
        self.skipped, self.waited = state["skipped"], state["waited"]
        self.best_merit, self.best_scores = state["best_merit"], state["best_scores"]
        self.take_state(state)
        self.saved = self.step

    def save(self) -> None:
        """Write the model as it is, and the state to go on from; both or an error."""
        if not self.leads or (self.saved == self.step):
            return
        self.save_last()
        state = {
            "learner": self.learner.state(),
            "step": self.step,
            "validated": self.validated,
            "skipped": self.skipped,
            "waited": self.waited,
            "best_merit": self.best_merit,
            "best_scores": self.best_scores,
            **self.more_state(),
        }
        self.directory.write_state(pack_state(state))
        self.saved = self.step

    def more_state(self) -> dict[str, Any]:
        """Return what else there is to go on from; for sessions that know more."""
        return {}

    def take_state(self, state: dict[str, Any]) -> None:
        """Take over what `more_state` returned."""

    def card(self, validation: Validation | None) -> Card:
        """Return the card of the model as it is, with scores if there are any."""
        return make_card(self.config, self.record, validation)

    def merit(self, validation: Validation) -> float:
        """Return what the best model has most of."""
        return validation.merit

    def save_last(self) -> None:
        """Write the model as it is, with its scores if it was just validated."""
        validation = self.latest if self.validated == self.step else None
        save_model(self.directory.last, self.learner.model, self.card(validation))

    def note_step(self, report: StepReport) -> Progress:
        """Count a step, write its event and return what to show."""
        self.step += 1
        rate = self.pace.step_done()
        if report.fault:
            self.skipped += 1
        if self.leads:
            self.directory.append(
                "skip" if report.fault else "step",
                self.step,
                loss=report.loss,
                terms=dict(report.terms),
                gradient_norm=report.gradient_norm,
                learning_rate=report.learning_rate,
                **({"reason": report.fault} if report.fault else {}),
            )
        message = f"step {self.step} skipped: {report.fault}" if report.fault else ""
        return self.progress(
            message,
            (
                ("loss", report.loss),
                ("learning rate", report.learning_rate),
                ("steps/s", rate),
            ),
        )

    def note_validation(
        self,
        validation: Validation,
        data: DataSet,
        network: DenseTransformerNetwork | None = None,
        to_beat: float | None = None,
        **details: Any,
    ) -> Progress:
        """Take over a validation: event, preview, best model; return what to show.

        Parameters
        ----------
        validation : Validation
            How the model does.
        data : DataSet
            On what.
        network : DenseTransformerNetwork, optional
            What was validated, if it isn't the learner's model.
        to_beat : float, optional
            Merit above which it is the best model; that of the best by default.
        **details
            What else the event says.
        """
        merit = self.merit(validation)
        gained = merit > (self.best_merit if to_beat is None else to_beat)
        self.validated, self.latest = self.step, validation
        self.waited = 0 if gained else self.waited + 1
        if gained:
            self.best_merit = merit
            self.best_scores = dataclasses.asdict(validation.scores)
            kept = network or self.learner.model
            save_model(self.directory.best, kept, self.card(validation))
        self.saved = -1  # what is saved has no scores yet
        self.directory.append(
            "validation",
            self.step,
            loss=validation.loss,
            scores=dataclasses.asdict(validation.scores),
            health=[dataclasses.asdict(level) for level in validation.health],
            best=gained,
            **details,
        )
        picture = draw_preview(
            data.validation[0], validation.probability, validation.warps
        )
        atomic_write(self.directory.previews / f"{self.step:08d}.png", picture)
        atomic_write(
            self.directory.previews / f"{self.step:08d}.npz",
            pack_preview(data.validation[0], validation.probability, validation.warps),
        )
        self.pace.validation_done()
        scores = validation.scores
        health = tuple(
            (f"{name} {level.level}", float(getattr(level, name)))
            for level in validation.health
            for name in ("shift", "saturation", "spread", "folded")
        )
        self._values = (("auc", scores.auc), ("f1", scores.f1), *health)
        return self.progress("validated", (("validation loss", validation.loss),))

    def note_failed_validation(self, error: Exception) -> Progress:
        """Take over that there is nothing to score: no gain; return what to show."""
        self.validated, self.latest, self.saved = self.step, None, -1
        self.waited += 1
        self.directory.append("validation", self.step, reason=str(error), best=False)
        self.pace.validation_done()
        return self.progress(f"validation failed: {error}")

    def progress(
        self, message: str = "", values: tuple[tuple[str, float], ...] = ()
    ) -> Progress:
        """Return where the run stands, with the figures of the last validation."""
        steps, every = self.config.steps - self.step, self.config.validate_every
        left = self.pace.seconds_left(steps, -(-steps // every))
        return Progress(
            self.step,
            self.config.steps,
            "step",
            left,
            message,
            (*values, *self._values),
        )

    def result(self, ending: Ending) -> TrainResult:
        """Return what the run came to."""
        directory = self.directory
        return TrainResult(
            run=directory.path,
            best=directory.best if directory.best.exists() else directory.last,
            last=directory.last,
            steps=self.step,
            skipped=self.skipped,
            ending=ending,
            scores=Scores(**self.best_scores) if self.best_scores else None,  # type: ignore[arg-type]
        )
