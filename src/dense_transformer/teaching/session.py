"""A teaching at work: a training's session that knows where it began."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from dense_transformer.teaching.averaging import mix_weights
from dense_transformer.teaching.halving import PATCHED, at_half
from dense_transformer.teaching.held_out import (
    SPARE,
    has_many_places,
    judge,
    merit_of,
    slack_of,
)
from dense_transformer.teaching.keeping import Judged, Keeping
from dense_transformer.teaching.reached import Reached, tell_result
from dense_transformer.training.processes import Processes
from dense_transformer.training.session import Session
from dense_transformer.zoo import save_model

if TYPE_CHECKING:
    from collections.abc import Generator

    from dense_transformer.config import TeachConfig, TrainConfig
    from dense_transformer.data import DataSet
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.teaching.result import TeachEnding, TeachResult
    from dense_transformer.teaching.tuner import Tuner
    from dense_transformer.training.run_directory import RunDirectory
    from dense_transformer.training.validation import Validation
    from dense_transformer.types import Progress
    from dense_transformer.zoo import Card, Model


class TeachSession(Session):
    """A teaching at work.

    Parameters
    ----------
    teach, config, directory, learner
        How, where, and what learns.
    start : Model
        The model as it was chosen.
    base : DenseTransformerNetwork
        What the first step began with, on the learner's device.

    Attributes
    ----------
    before : dict
        Scores of the start on what is held out; empty while unknown.
    keeping : Keeping
        Which weights are the best so far.
    """

    def __init__(
        self,
        teach: TeachConfig,
        config: TrainConfig,
        directory: RunDirectory,
        learner: Tuner,
        start: Model,
        base: DenseTransformerNetwork,
    ) -> None:
        super().__init__(config, directory, learner, Processes())
        self.teach, self.start = teach, start
        self.zoom = config.data.zoom  # of the network that is judged now
        self.zoomed = (
            config.data.zoom / start.card.zoom
        )  # labels of so many px each way
        self.base = {name: v.clone() for name, v in base.state_dict().items()}
        self.tiles = max(1, config.batch // learner.pieces)  # at a time
        self.base_words = ""  # what was changed before the first step
        self.evident = False  # whether that is due without a label
        self.patched = 0.0  # share of what is held out that lies in patches
        self.begun = False  # whether the start was judged
        self.before: dict[str, float] = {}
        self.keeping = Keeping()

    def merit(self, validation: Validation) -> float:
        """Return what the best model has most of."""
        return merit_of(validation)

    def card(self, validation: Validation | None) -> Card:
        """Return the card of the model as it is; its parent is the start."""
        parent = f"{self.start.card.name} {self.start.sha256}"
        card = super().card(validation)
        return dataclasses.replace(card, parent=parent, zoom=self.zoom)

    def more_state(self) -> dict[str, Any]:
        """Return what a training's session doesn't know."""
        kept = self.keeping
        return {
            "begun": self.begun,
            "before": self.before,
            "best_share": kept.share,
            "best_step": kept.step,
            "half": kept.half,
            "untaught": kept.untaught,
            "peak": kept.peak,
            "losses": list(kept.losses),
        }

    def take_state(self, state: dict[str, Any]) -> None:
        """Take over what `more_state` returned."""
        self.begun, self.before = bool(state["begun"]), dict(state["before"])
        before, after = state.get("losses", (0.0, 0.0))
        self.keeping = Keeping(
            merit=self.best_merit,
            untaught=float(state.get("untaught", self.best_merit)),
            base_merit=self.keeping.base_merit,
            losses=(float(before), float(after)),
            share=float(state["best_share"]),
            step=int(state["best_step"]),
            half=bool(state.get("half", False)),
            peak=float(state["peak"]),
        )

    def judge_start(
        self, original: DenseTransformerNetwork, before: DataSet, data: DataSet
    ) -> Generator[Progress, None, None]:
        """Judge the model as it was chosen, then what the first step begins with.

        Parameters
        ----------
        original : DenseTransformerNetwork
            The model as it was chosen.
        before, data : DataSet
            What they are judged by, as each of the two sees it.
        """
        # Perhaps again: a run that was broken off here has judged a part of it.
        self.best_merit, self.best_scores = -math.inf, {}
        self.keeping = Keeping(base_merit=self.keeping.base_merit)
        self.zoom = self.start.card.zoom
        validation = yield from self._judged(original, before)
        self.before = dataclasses.asdict(validation.scores)
        merit = merit_of(validation)
        self.keeping.begin(Judged(0.0, merit, validation.loss))
        yield self.note_validation(validation, before, original, share=0.0, merit=merit)
        self.zoom = self.config.data.zoom
        if self._is_changed(original):
            network = self.learner.network
            validation = yield from self._judged(network, data)
            merit = merit_of(validation)
            # What was chosen without a label need only not be clearly worse.
            to_beat = self.best_merit - (SPARE if self.evident else 0.0)
            one = Judged(1.0, merit, validation.loss)
            if merit > to_beat:
                self.keeping.begin(one)
                validation, network = yield from self._at_half(
                    validation, network, data
                )
            yield self._note(validation, data, network, to_beat, one)
        self.begun = True

    def judge_now(self, data: DataSet) -> Generator[Progress, None, None]:
        """Judge the weights and mixtures with the first ones; note the best."""
        judged: dict[Judged, tuple[Validation, DenseTransformerNetwork]] = {}
        for share in self.teach.mixes:
            mixed = mix_weights(self.base, self.learner.model, share)
            validation = yield from self._judged(mixed, data)
            one = Judged(share, merit_of(validation), validation.loss)
            judged[one] = validation, mixed
        many = has_many_places(data.validation)
        one, to_beat = self.keeping.choose(
            tuple(judged), self.step, self._slack(data), many=many
        )
        validation, mixed = judged[one]
        if one.merit > to_beat:
            validation, mixed = yield from self._at_half(validation, mixed, data)
        yield self._note(validation, data, mixed, to_beat, one)

    def _note(
        self,
        validation: Validation,
        data: DataSet,
        network: DenseTransformerNetwork,
        to_beat: float,
        one: Judged,
    ) -> Progress:
        """Take over what was judged; what it is worth doesn't hang on a threshold."""
        gained = one.merit > to_beat
        bar = -math.inf if gained else math.inf
        progress = self.note_validation(
            validation, data, network, bar, share=one.share, merit=one.merit
        )
        if gained:
            self.best_merit = one.merit
        return progress

    def _at_half(
        self,
        validation: Validation,
        network: DenseTransformerNetwork,
        data: DataSet,
    ) -> Generator[Progress, None, tuple[Validation, DenseTransformerNetwork]]:
        """Return a network that finds most at threshold 0.5, and how it does.

        Strokes don't hold the classes in the image's shares, so that only patches tell.
        """
        if self.patched < PATCHED or self._slack(data) > 0:
            return validation, network
        return (yield from at_half(network, validation, self._judged, data))

    def _slack(self, data: DataSet) -> float:
        """Return the difference of merit that may be chance."""
        pixels = sum(int((pair.labels > 0).sum()) for pair in data.validation)
        return slack_of(pixels / self.zoomed**2)

    def keep_last(self) -> None:
        """Write the model where nothing is held out: the last one, mixed or not."""
        mixed = mix_weights(self.base, self.learner.model, max(self.teach.mixes))
        save_model(self.directory.best, mixed, self.card(None))
        self.keeping.share, self.keeping.step = max(self.teach.mixes), self.step

    def teach_result(self, ending: TeachEnding) -> TeachResult:
        """Return what the teaching came to."""
        reached = Reached(
            self.step,
            self.skipped,
            self.before,
            self.best_scores,
            self.keeping.share,
            self.keeping.step,
            self.base_words,
            self.evident,
            self.keeping.losses,
            self.keeping.half,
        )
        return tell_result(self.directory, reached, ending)

    def _is_changed(self, original: DenseTransformerNetwork) -> bool:
        if self.zoom != self.start.card.zoom:
            return True
        old = original.state_dict()
        return any(not v.equal(old[name].to(v)) for name, v in self.base.items())

    def _judged(
        self, network: DenseTransformerNetwork, data: DataSet
    ) -> Generator[Progress, None, Validation]:
        config = dataclasses.replace(self.config, batch=self.tiles)
        work = judge(network, data.validation, config)
        while True:
            try:
                yield self.progress(next(work))
            except StopIteration as end:
                validation: Validation = end.value
                return validation
