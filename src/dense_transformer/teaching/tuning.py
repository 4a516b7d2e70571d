"""Teaching from the first step, or from where a run was stopped, to its end."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from dense_transformer.errors import RunError, StoppedError, WriteError
from dense_transformer.inference.engine import limit_threads
from dense_transformer.nn.devices import choose_device
from dense_transformer.teaching.beginning import read_teaching
from dense_transformer.teaching.gate import Gate
from dense_transformer.teaching.result import TeachEnding, TeachResult
from dense_transformer.teaching.run_lock import refuse_elsewhere
from dense_transformer.teaching.status import (
    RunState,
    RunStatus,
    read_said,
    write_status,
)
from dense_transformer.teaching.trash import throw_away
from dense_transformer.teaching.turns import device_turn, project_turn
from dense_transformer.teaching.work import Work
from dense_transformer.training.run_directory import RunDirectory
from dense_transformer.types import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

_POLL_S = 0.2
_PATIENCE_S = 2.0  # somebody may just be looking whether the run is alive


def teach(
    run: Path, *, stop: Callable[[], bool] | None = None
) -> Generator[Progress, None, TeachResult]:
    """Teach a model what a run's lesson says; yields after every step.

    Everything comes from the run's directory, see `begin_run`. Where it was stopped or
    killed it goes on from its last save; on a CPU, with as many threads, the result is
    then bit for bit that of a run that was never interrupted. It waits while another
    run of the project or on the device is at work; while it is paused, others may have
    the device. Closing the generator saves.

    Parameters
    ----------
    run : Path
        Directory that `begin_run` made.
    stop : callable, optional
        Asked before convolutions whether to stop, with everything saved. Files
        ``stop``, ``pause`` and ``discard`` in `run` do that too; see `control`.

    Raises
    ------
    RunError
        If `run` is in use, here or on another machine, discarded, damaged, or
        belongs to other data.
    DeviceError
        If the device isn't there, or memory doesn't suffice for one small patch.
    DivergedError
        If too many steps were not finite; the best model so far is kept.
    ProjectError, ImageError, DataError
        If an image isn't what it was, or nothing is annotated.
    WriteError
        If something can't be saved; what was saved before stays whole.
    """
    config = read_teaching(run)
    gate = Gate(run, stop)
    with ExitStack() as stack:
        meant = gate.fresh()  # entering a run removes `stop`
        directory = _enter(run, stack)
        gate.clear(kept=meant)
        stack.callback(gate.clear)  # what was asked is done
        _refuse_discarded(run)
        stack.enter_context(limit_threads(config.threads))
        work = Work(directory, config, gate)
        ending: TeachEnding
        try:
            gate.hold()
            yield from _turn(work, stack)
            ending = yield from work.run()
        except StoppedError:
            ending = "discarded" if gate.asked() == "discard" else "stopped"
        except BaseException as error:
            _say_why(work, run, error)
            raise
        result = work.result(ending)
        early = ending in ("stopped", "discarded")
        state: RunState = "stopped" if early else "finished"
        said = RunStatus(
            state, result.steps, work.config.steps, result.words, os.getpid(),
            result.improved,
        )  # fmt: skip
        if ending == "discarded":
            throw_away(run, said)
        else:
            write_status(run, said)
        return result


def _refuse_discarded(run: Path) -> None:
    """Raise RunError if a run was discarded, perhaps while this process loaded."""
    said = read_said(run)
    if said is not None and said.state == "discarded":
        raise RunError(f"{run} was discarded; bring it back, or begin another run")


def _enter(run: Path, stack: ExitStack) -> RunDirectory:
    """Lock a run; wait a moment, as others lock it to see whether it is alive."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        directory = RunDirectory(run)
        try:
            refuse_elsewhere(run / "lock")
            return stack.enter_context(directory)
        except RunError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_S / 4)


def _turn(work: Work, stack: ExitStack) -> Generator[Progress, None, None]:
    """Wait until no other run of the project, nor on the device, was there before."""
    run, gate, config = work.path, work.gate, work.config
    on_device = device_turn(run, choose_device(config.device))
    for turn in (project_turn(run), on_device):
        stack.callback(turn.leave)
        gate.turn = on_device if turn is on_device else None  # never before the project
        said = ""
        while not turn.came():
            if turn.words != said:
                said = turn.words
                work.wait(said)
                yield Progress(work.step, config.steps, "step", message=said)
            gate.hold()
            time.sleep(_POLL_S)


def _say_why(work: Work, run: Path, error: BaseException) -> None:
    """Write down that a run ended early, where that can be written."""
    why = "closed; it can go on" if isinstance(error, GeneratorExit) else str(error)
    steps = work.config.steps
    with suppress(WriteError):  # the disk may be full, which the error is about
        write_status(run, RunStatus("stopped", work.step, steps, why, os.getpid()))
