"""One run of teaching at work: what it needs, its steps, and less where memory ends."""

from __future__ import annotations

import copy
import dataclasses
import os
import shlex
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import torch

from dense_transformer.errors import (
    DivergedError,
    DTNError,
    StoppedError,
    WriteError,
)
from dense_transformer.nn.devices import choose_device, free_memory, is_out_of_memory
from dense_transformer.teaching.adaptation import Base, choose_base
from dense_transformer.teaching.base_file import read_base, write_base
from dense_transformer.teaching.beginning import START, drawn_patch, training_config
from dense_transformer.teaching.lesson_views import LessonViews
from dense_transformer.teaching.network_copy import copy_network
from dense_transformer.teaching.pacing import Pacing
from dense_transformer.teaching.probe import Rung, next_rung
from dense_transformer.teaching.reached import read_reached, step_said, tell_result
from dense_transformer.teaching.recalling import recall_of
from dense_transformer.teaching.repeating import repeating_arguments
from dense_transformer.teaching.result import TeachEnding, TeachResult
from dense_transformer.teaching.rung_file import read_rung, write_rung
from dense_transformer.teaching.session import TeachSession
from dense_transformer.teaching.snapshot import read_lesson
from dense_transformer.teaching.status import (
    RunState,
    RunStatus,
    write_status,
)
from dense_transformer.teaching.steps import Steps
from dense_transformer.teaching.tuner import Tuner
from dense_transformer.training.losses import class_weights
from dense_transformer.training.record import describe_device, describe_run
from dense_transformer.types import Progress
from dense_transformer.zoo import load_model

if TYPE_CHECKING:
    from collections.abc import Generator

    from dense_transformer.config import TeachConfig, TrainConfig
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.teaching.gate import Gate
    from dense_transformer.teaching.lesson_data import LessonData
    from dense_transformer.training.run_directory import RunDirectory


class Work:
    """One run at work.

    Parameters
    ----------
    directory : RunDirectory
        Locked by this process.
    config : TeachConfig
        How to teach.
    gate : Gate
        What is asked of the run.
    """

    def __init__(
        self, directory: RunDirectory, config: TeachConfig, gate: Gate
    ) -> None:
        self.directory, self.config, self.gate = directory, config, gate
        self.path = directory.path
        self.session: TeachSession | None = None
        self.state: RunState = "queued"
        self._step_before = step_said(directory)
        gate.on_pause, gate.on_wait = self._paused, self.wait
        self._say("queued", "getting ready")

    @property
    def step(self) -> int:
        """Steps taken so far; what the run said last until its save is read."""
        return self.session.step if self.session else self._step_before

    def run(self) -> Generator[Progress, None, TeachEnding]:
        """Teach to the end, with less at a time whenever memory runs out."""
        self._say("probing", "reading images and annotations")
        message = "reading annotations"
        yield Progress(self.step, self.config.steps, "step", message=message)
        model = load_model(self.path / START)
        self.gate.hold()
        drawn = drawn_patch(self.config, model)
        lesson = read_lesson(self.path)
        views = LessonViews(lesson, model, drawn, self.gate.hold)
        batch = self.config.batch
        first = Rung(1, drawn, choose_device(self.config.device).type)
        rung = read_rung(self.path, batch) or first
        while True:
            try:
                return (yield from self._attempt(views, rung))
            except (RuntimeError, MemoryError) as error:
                if isinstance(error, DTNError) or not is_out_of_memory(error):
                    raise
            # Only here is the error gone, and with it the tensors of its frames.
            free_memory(torch.device(rung.device))
            rung = next_rung(rung, first, batch, model.config.multiple)
            message = f"memory ran out; goes on with {rung.describe()}"
            write_rung(self.path, rung)
            self.directory.append("notice", self.step, message=message)
            yield Progress(self.step, self.config.steps, "step", message=message)

    def result(self, ending: TeachEnding) -> TeachResult:
        """Return what it came to."""
        if self.session is not None:
            return self.session.teach_result(ending)
        try:  # asked to end before that was read
            reached = read_reached(self.directory)
        except DTNError as error:  # damaged: what can be discarded all the same
            words = ending if ending == "discarded" else str(error)
            return TeachResult(
                self.path, None, None, words, None, None, self.step, 0, 0, ending
            )
        return tell_result(self.directory, reached, ending)

    def _attempt(
        self, views: LessonViews, rung: Rung
    ) -> Generator[Progress, None, TeachEnding]:
        """Teach as a rung says, from the last save on."""
        device, model = torch.device(rung.device), views.model
        original = copy_network(model, device, self.gate)
        base = yield from self._base(views, original, rung)
        self._say("probing")
        training = training_config(self.config, views.model_at(base.zoom))
        data = views.at(base.zoom)
        weights = class_weights(
            data.pairs, training.network.classes, training.class_balance
        )
        trust, left = recall_of(base, data.held_out)

        def make_tuner(network: DenseTransformerNetwork) -> Tuner:
            tuner = Tuner(self.config, training, network, device, weights, trust, left)
            tuner.pieces = rung.pieces
            return tuner

        pacing = Pacing(self.path, self.config, training, rung, device)
        if pacing.open:
            yield Progress(0, training.steps, "step", message="timing a step")
            pacing.measure(lambda: make_tuner(copy.deepcopy(base.network)), data)
            self.config = pacing.settle(data)
            training = dataclasses.replace(training, steps=self.config.steps)
        self._begin(training, data, device)
        session = TeachSession(
            self.config, training, self.directory, make_tuner(base.network), model,
            base.network,
        )  # fmt: skip
        session.base_words, session.keeping.base_merit = base.words, base.merit
        session.evident, session.patched = base.evident, data.patched
        content, notice = self.directory.read_state()
        session.load(content)
        self.session = session
        self.directory.append(
            "start", session.step, device=describe_device(device), processes=1,
            notice=notice, base=base.words, trust=base.trust, rung=rung.describe(),
        )  # fmt: skip
        try:
            steps = Steps(session, data, self.gate, self._tell)
            before = partial(views.at if base.zoom == 1 else views.open, 1.0)
            ending = yield from steps.run(original, before, rung.patch)
        except StoppedError:
            return self._end_early(session, data)
        except (GeneratorExit, RuntimeError, MemoryError) as error:
            if not isinstance(error, DivergedError):
                self._save()
            raise
        if session.pace.step_s:
            pacing.note(session.pace.step_s)
        return ending

    def _begin(
        self, training: TrainConfig, data: LessonData, device: torch.device
    ) -> None:
        """Write down what is learned and how, or see that it is what was begun."""
        about = describe_run(data.data_set, device)
        about["teach"] = self.config.to_dict()
        about["command"] = shlex.join(["dtn", *repeating_arguments(self.path)])
        self.directory.begin(training, about)

    def _end_early(self, session: TeachSession, data: LessonData) -> TeachEnding:
        """Save, also what is discarded: that can be brought back."""
        if self.gate.asked() != "discard":
            if session.step and not data.held_out:
                session.keep_last()  # nothing else would ever be kept of it
            self._save()
            self.directory.append("end", session.step, reason="stopped")
            return "stopped"
        with suppress(WriteError):  # a full disk, which discarding may help
            self._save()
            self.directory.append("end", session.step, reason="discarded")
        return "discarded"

    def _base(
        self, views: LessonViews, original: DenseTransformerNetwork, rung: Rung
    ) -> Generator[Progress, None, Base]:
        """Return what the first step begins with; chosen once, then kept in a file."""
        device = next(original.parameters()).device
        kept = read_base(self.path, views.model, device, self.gate)
        if kept is not None:
            return kept
        training = training_config(self.config, views.model)
        few = dataclasses.replace(training, batch=max(1, training.batch // rung.pieces))
        work = choose_base(original, views, self.config, few)
        while True:
            try:
                message = next(work)
            except StopIteration as end:
                base: Base = end.value
                break
            self._say("probing", message)  # on a slow machine this takes a while
            yield Progress(0, training.steps, "step", message=message)
        write_base(self.path, base, views.model.card)
        return base

    def _paused(self, still: bool) -> None:
        if still:
            self._save()
            self._say("paused", keep=False)
        else:
            self._say(self.state)

    def wait(self, words: str) -> None:
        """Say whom it waits for."""
        self._say("queued", words, keep=False)

    def _save(self) -> None:
        if self.session is not None:
            self.session.save()

    def _tell(self, message: str) -> None:
        self._say("running", message)

    def _say(self, state: RunState, message: str = "", *, keep: bool = True) -> None:
        if keep:
            self.state = state
        status = RunStatus(state, self.step, self.config.steps, message, os.getpid())
        write_status(self.path, status)
