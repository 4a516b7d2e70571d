"""One run of teaching at work: what it needs, its steps, and less where memory ends."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from typing import TYPE_CHECKING

import torch

from dense_transformer.ahead import Ahead
from dense_transformer.data import DataSet
from dense_transformer.errors import DivergedError, DTNError, StoppedError
from dense_transformer.files import atomic_write
from dense_transformer.nn import build_network
from dense_transformer.nn.devices import choose_device, free_memory, is_out_of_memory
from dense_transformer.teaching.adaptation import Base, choose_base
from dense_transformer.teaching.amount import augment_by
from dense_transformer.teaching.beginning import (
    BASE,
    START,
    drawn_patch,
    project_of,
    training_config,
)
from dense_transformer.teaching.gate import Gate
from dense_transformer.teaching.lesson_data import LessonData, open_lesson
from dense_transformer.teaching.probe import (
    PROBED,
    Probe,
    Rung,
    next_rung,
    peak_memory,
)
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.replay import open_replay
from dense_transformer.teaching.result import TeachEnding, TeachResult
from dense_transformer.teaching.sampling import Draws, draw_batch
from dense_transformer.teaching.session import TeachSession
from dense_transformer.teaching.snapshot import read_lesson
from dense_transformer.teaching.status import RunState, RunStatus, write_status
from dense_transformer.teaching.tuner import Tuner
from dense_transformer.teaching.view import LiveView
from dense_transformer.training.losses import class_weights
from dense_transformer.training.precision import deterministic
from dense_transformer.training.record import describe_device, describe_run
from dense_transformer.types import Progress
from dense_transformer.zoo import load_model, save_model

if TYPE_CHECKING:
    from collections.abc import Generator

    from dense_transformer.config import TeachConfig, TrainConfig
    from dense_transformer.data.patches import Batch
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.training.run_directory import RunDirectory
    from dense_transformer.types import Image
    from dense_transformer.zoo import Model

_AHEAD = 3  # batches drawn before they are asked for
RUNG = "rung.json"


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
        gate.on_pause = self._paused
        self._say("queued", "getting ready")

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return self.session.step if self.session else 0

    def run(self) -> Generator[Progress, None, TeachEnding]:
        """Teach to the end, with less at a time whenever memory runs out."""
        self._say("probing", "reading images and annotations")
        yield Progress(0, self.config.steps, "step", message="reading annotations")
        model = load_model(self.path / START)
        training = training_config(self.config, model)
        drawn = drawn_patch(self.config, model)
        data = open_lesson(read_lesson(self.path), model, drawn)
        device = choose_device(self.config.device)
        about = describe_run(_data_set(data), device)
        about["teach"] = self.config.to_dict()
        self.directory.begin(training, about)
        first = Rung(1, drawn, device.type)
        rung = self._read_rung() or first
        while True:
            try:
                return (yield from self._attempt(model, data, training, rung))
            except (RuntimeError, MemoryError) as error:
                if isinstance(error, DTNError) or not is_out_of_memory(error):
                    raise
            # Only here is the error gone, and with it the tensors of its frames.
            free_memory(torch.device(rung.device))
            rung = next_rung(rung, first, training.batch, model.config.multiple)
            message = f"memory ran out; goes on with {rung.describe()}"
            atomic_write(
                self.path / RUNG, json.dumps(dataclasses.asdict(rung)).encode()
            )
            self.directory.append("notice", self.step, message=message)
            yield Progress(self.step, training.steps, "step", message=message)

    def result(self, ending: TeachEnding) -> TeachResult:
        """Return what it came to."""
        if self.session is not None:
            return self.session.teach_result(ending)
        said = "stopped before the first step" if ending == "stopped" else ending
        return TeachResult(self.path, None, None, said, None, None, 0, 0, 0, ending)

    def _attempt(
        self, model: Model, data: LessonData, training: TrainConfig, rung: Rung
    ) -> Generator[Progress, None, TeachEnding]:
        """Teach as a rung says, from the last save on."""
        device = torch.device(rung.device)
        original = self._placed(model, device)
        few = dataclasses.replace(training, batch=max(1, training.batch // rung.pieces))
        base = yield from self._base(model, original, data, few)
        weights = class_weights(
            data.pairs, training.network.classes, training.class_balance
        )
        tuner = Tuner(self.config, training, base.network, device, weights, base.trust)
        tuner.pieces = rung.pieces
        session = TeachSession(
            self.config, training, self.directory, tuner, model, base.network
        )
        session.base_words, session.trust = base.words, base.trust
        session.base_merit = base.merit
        content, notice = self.directory.read_state()
        session.load(content)
        self.session = session
        self.directory.append(
            "start", session.step, device=describe_device(device), processes=1,
            notice=notice, base=base.words, trust=base.trust, rung=rung.describe(),
        )  # fmt: skip
        try:
            return (yield from self._steps(original, data, rung))
        except StoppedError:
            if self.gate.asked() == "discard":
                return "discarded"
            self._save()
            self.directory.append("end", session.step, reason="stopped")
            return "stopped"
        except (GeneratorExit, RuntimeError, MemoryError) as error:
            if not isinstance(error, DivergedError):
                self._save()
            raise

    def _steps(
        self, original: DenseTransformerNetwork, data: LessonData, rung: Rung
    ) -> Generator[Progress, None, TeachEnding]:
        """Judge the start, then step, judge and save until the end."""
        session = self._the_session()
        known = _data_set(data)
        if known.validation and not session.begun:
            yield from session.judge_start(original, known)
        with self._batches(data, rung) as batches:
            ending = yield from self._loop(session, known, batches)
        if not known.validation:
            session.keep_last()
        self._save()
        self.directory.append("end", session.step, reason=ending)
        return ending

    def _loop(
        self, session: TeachSession, data: DataSet, batches: Ahead[int, Batch]
    ) -> Generator[Progress, None, TeachEnding]:
        training, view = session.config, self._view(session)
        first = session.step
        if first:
            self._say("running")
        while True:
            if session.validation_due and data.validation:
                try:
                    yield from session.judge_now(data)
                except DivergedError as error:
                    yield session.note_failed_validation(error)
            self.gate.hold()
            if session.without_gain:
                return "patience"
            if session.step >= training.steps:
                return "finished"
            _, batch = batches.take()
            with deterministic(training.deterministic):
                report = session.learner.learn(batch, session.step)
            progress = session.note_step(report)
            if session.skipped > training.skips:
                raise DivergedError(
                    f"{session.skipped} steps were not finite; the best model is kept; "
                    f"lower learning_rate {training.learning_rate:g}"
                )
            if session.step == first + PROBED:
                progress = self._note_probe(session, progress)
            if session.step % training.save_every == 0:
                self._save()
            view.advance(session.learner.model, session.step)
            yield progress

    def _note_probe(self, session: TeachSession, progress: Progress) -> Progress:
        """Tell what the first steps took, and what the rest will."""
        values = dict(progress.values)
        probe = Probe(
            1 / max(1e-9, values["steps/s"]), peak_memory(session.learner.device)
        )
        left = session.config.steps - session.step
        message = probe.describe(left)
        self.directory.append(
            "probe", session.step, seconds=probe.step_s, bytes=probe.memory_bytes,
            message=message,
        )  # fmt: skip
        self._say("running", message)
        return dataclasses.replace(progress, message=message)

    def _batches(self, data: LessonData, rung: Rung) -> Ahead[int, Batch]:
        session = self._the_session()
        training, teach = session.config, self.config
        others = data.windows
        if teach.replay and teach.replay_from == "sample":
            others = open_replay(session.start)
        augment = teach.augment or augment_by(session.trust)
        draws = Draws(rung.patch, teach.batch, teach.seed, augment, teach.replay)

        def draw(step: int) -> Batch:
            return draw_batch(data.spots, others, draws, step)

        return Ahead(
            draw,
            range(session.step, training.steps),
            ahead=_AHEAD,
            threads=1,
            name="dtn-batches",
        )

    def _base(
        self,
        model: Model,
        original: DenseTransformerNetwork,
        data: LessonData,
        training: TrainConfig,
    ) -> Generator[Progress, None, Base]:
        """Return what the first step begins with; chosen once, then kept in a file."""
        path = self.path / BASE
        device = next(original.parameters()).device
        if path.exists():
            kept = load_model(path)
            known = dict(kept.card.scores)
            network = self._placed(kept, device)
            trust, merit = known.get("trust"), known.get("merit")
            return Base(
                network,
                kept.card.title,
                1.0 if trust is None else trust,
                math.inf if merit is None else merit,
            )
        work = choose_base(original, data, self.config, training)
        while True:
            try:
                yield Progress(0, training.steps, "step", message=next(work))
            except StopIteration as end:
                base: Base = end.value
                break
        card = dataclasses.replace(
            model.card,
            title=base.words,
            scores=(("trust", base.trust), ("merit", base.merit)),
        )
        save_model(path, base.network, card)
        return base

    def _placed(self, model: Model, device: torch.device) -> DenseTransformerNetwork:
        """Return a copy of a model's network on a device, repeating itself exactly."""
        exact = dataclasses.replace(model.config, deterministic=True)
        network = build_network(exact)
        network.load_state_dict(model.network.state_dict())
        network.config = model.config
        network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.gate.watch(network)
        return network.eval()

    def _view(self, session: TeachSession) -> LiveView:
        folder = project_of(self.path)

        def open_image(name: str) -> Image | None:
            with Project.open(folder, write=False) as project:
                if name not in [entry.name for entry in project.images]:
                    return None
                return project.open_image(name, check=False)

        def note(values: dict[str, object]) -> None:
            self.directory.append("view", session.step, **values)

        return LiveView(self.path, open_image, session.config, note)

    def _read_rung(self) -> Rung | None:
        try:
            values = json.loads((self.path / RUNG).read_bytes())
            height, width = (int(n) for n in values["patch"])
            pieces, device = int(values["pieces"]), str(values["device"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        fits = 1 <= pieces <= self.config.batch and min(height, width) > 0
        return Rung(pieces, (height, width), device) if fits else None

    def _paused(self, still: bool) -> None:
        if still:
            self._save()
            self._say("paused", keep=False)
        else:
            self._say(self.state)

    def _save(self) -> None:
        if self.session is not None:
            self.session.save()

    def _say(self, state: RunState, message: str = "", *, keep: bool = True) -> None:
        if keep:
            self.state = state
        status = RunStatus(state, self.step, self.config.steps, message, os.getpid())
        write_status(self.path, status)

    def _the_session(self) -> TeachSession:
        if self.session is None:
            raise RuntimeError("no session yet")
        return self.session


def _data_set(data: LessonData) -> DataSet:
    return DataSet(data.pairs, data.held_out, data.hashes)
