"""How many steps a run takes that was begun with none: what a minute has room for."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from dense_transformer.nn.devices import describe_device
from dense_transformer.teaching.amount import WEAK, steps_in_time
from dense_transformer.teaching.beginning import close_steps, steps_are_open
from dense_transformer.teaching.pace_file import note_pace, pace_key, read_pace
from dense_transformer.teaching.probe import PROBED
from dense_transformer.teaching.sampling import Draws, draw_batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch

    from dense_transformer.config import TeachConfig, TrainConfig
    from dense_transformer.data.patches import Batch
    from dense_transformer.teaching.lesson_data import LessonData
    from dense_transformer.teaching.probe import Rung
    from dense_transformer.teaching.tuner import Tuner


class Pacing:
    """What a step of a run takes, and how many there are to be.

    Parameters
    ----------
    run : Path
        Its folder.
    teach, training : TeachConfig, TrainConfig
        Its settings.
    rung : Rung
        How its steps are computed.
    device : torch.device
        Where.
    """

    def __init__(
        self,
        run: Path,
        teach: TeachConfig,
        training: TrainConfig,
        rung: Rung,
        device: torch.device,
    ) -> None:
        self.run, self.teach, self.rung = run, teach, rung
        self._step_s = 0.0  # where what was measured can't be written
        self.key = pace_key(
            training, describe_device(device), rung.patch, rung.pieces,
            "recalls" if teach.recall else "no recall",
        )  # fmt: skip

    @property
    def open(self) -> bool:
        """Whether nobody has said how many steps there are to be."""
        return steps_are_open(self.run)

    def measure(self, make_tuner: Callable[[], Tuner], data: LessonData) -> None:
        """Measure a step, if nobody has on this machine; no step of the run is taken.

        Parameters
        ----------
        make_tuner : callable
            Returns what can take a step, and is thrown away.
        data : LessonData
            What to take it with.
        """
        if read_pace(self.key) is not None:
            return
        draws = Draws(
            self.rung.patch, self.teach.batch, self.teach.seed,
            self.teach.augment or WEAK,
        )  # fmt: skip
        batch, tuner = draw_batch(data.spots, data.windows, draws, 0), make_tuner()
        # The first waits for much that later ones find done.
        self._step_s = min(_seconds(tuner, batch) for _ in range(PROBED))
        self.note(self._step_s)

    def settle(self, data: LessonData) -> TeachConfig:
        """Return the settings with the number of steps, and write that down."""
        step_s = read_pace(self.key) or self._step_s
        steps = steps_in_time(self.teach.steps, step_s, len(data.held_out))
        close_steps(self.run, steps)
        return dataclasses.replace(self.teach, steps=steps)

    def note(self, step_s: float) -> None:
        """Take in what steps have taken, for the next run."""
        note_pace(self.key, step_s)


def _seconds(tuner: Tuner, batch: Batch) -> float:
    """Return the seconds of a step that `tuner` takes."""
    begin = time.perf_counter()
    tuner.learn(batch, 0)  # its figures are read, which waits for the device
    return time.perf_counter() - begin
