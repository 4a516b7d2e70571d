"""The steps of a run of teaching, and what is due between them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dense_transformer.errors import DivergedError
from dense_transformer.teaching.batches import draw_ahead
from dense_transformer.teaching.beginning import project_of
from dense_transformer.teaching.probe import PROBED, Probe, peak_memory
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.view import LiveView
from dense_transformer.training.precision import deterministic
from dense_transformer.zoo import load_model

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from dense_transformer.ahead import Ahead
    from dense_transformer.data.patches import Batch
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.teaching.gate import Gate
    from dense_transformer.teaching.lesson_data import LessonData
    from dense_transformer.teaching.result import TeachEnding
    from dense_transformer.teaching.session import TeachSession
    from dense_transformer.types import Image, Progress
    from dense_transformer.zoo import Model


class Steps:
    """What a session does from where it is to the end.

    Parameters
    ----------
    session : TeachSession
        As its last save left it.
    data : LessonData
        What it learns from and is judged by.
    gate : Gate
        What is asked of the run.
    tell : callable
        Takes a line for people, or none, when the run is well under way.
    """

    def __init__(
        self,
        session: TeachSession,
        data: LessonData,
        gate: Gate,
        tell: Callable[[str], None],
    ) -> None:
        self.session, self.data, self.gate, self.tell = session, data, gate, tell
        self.known = data.data_set

    def run(
        self,
        original: DenseTransformerNetwork,
        before: Callable[[], LessonData],
        patch: tuple[int, int],
    ) -> Generator[Progress, None, TeachEnding]:
        """Judge the start, then step, judge and save until the end.

        Parameters
        ----------
        original : DenseTransformerNetwork
            The model as it was chosen, on the session's device.
        before : callable
            Returns the lesson as that sees it, to judge it by; called once, if at
            all, and what it returns is let go of then.
        patch : tuple of int
            Height and width of the patches to learn from, network px.

        Raises
        ------
        StoppedError
            If the run is asked to end.
        DivergedError
            If too many steps were not finite.
        """
        session, known = self.session, self.known
        if known.validation and not session.begun:
            yield from session.judge_start(original, before().data_set, known)
        view = _open_view(session)
        with draw_ahead(session, self.data, patch) as batches:
            ending = yield from self._loop(batches, view)
        if not known.validation:
            session.keep_last()
        session.save()
        view.finish(self._best, session.step)
        session.directory.append("end", session.step, reason=ending)
        return ending

    def _loop(
        self, batches: Ahead[int, Batch], view: LiveView
    ) -> Generator[Progress, None, TeachEnding]:
        session, known = self.session, self.known
        training, first = session.config, session.step
        if first:
            self.tell("")
        while True:
            if session.validation_due and known.validation:
                try:
                    yield from session.judge_now(known)
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
                progress = self._note_probe(progress)
            if session.step % training.save_every == 0:
                session.save()
                self.tell("")  # from here it goes on if it is killed
            view.advance(session.learner.model, session.step)
            yield progress

    def _best(self) -> Model:
        """Return the model that is kept, where it is computed."""
        model = load_model(self.session.directory.best)
        network = model.network.to(self.session.learner.device)
        return dataclasses.replace(model, network=network)

    def _note_probe(self, progress: Progress) -> Progress:
        """Tell what the first steps took, and what the rest will."""
        session, values = self.session, dict(progress.values)
        probe = Probe(
            1 / max(1e-9, values["steps/s"]), peak_memory(session.learner.device)
        )
        message = probe.describe(session.teach.steps - session.step)
        session.directory.append(
            "probe", session.step, seconds=probe.step_s, bytes=probe.memory_bytes,
            message=message,
        )  # fmt: skip
        self.tell(message)
        return dataclasses.replace(progress, message=message)


def _open_view(session: TeachSession) -> LiveView:
    """Return what predicts the part of the project's images that is on screen."""
    directory = session.directory
    folder = project_of(directory.path)

    def open_image(name: str) -> Image | None:
        with Project.open(folder, write=False) as project:
            if name not in [entry.name for entry in project.images]:
                return None
            return project.open_image(name, check=False)

    def note(values: dict[str, object]) -> None:
        directory.append("view", session.step, **values)

    return LiveView(directory.path, open_image, session.config, note)
