"""Training from the first step, or from where a run was stopped, to its end."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.ahead import Ahead
from dense_transformer.data import open_pairs
from dense_transformer.data.patches import sample_batch
from dense_transformer.errors import DivergedError
from dense_transformer.training.config_file import expand_root
from dense_transformer.training.learner import Learner
from dense_transformer.training.losses import class_weights
from dense_transformer.training.precision import deterministic, training_device
from dense_transformer.training.processes import Processes, joined_processes
from dense_transformer.training.record import describe_device, describe_run
from dense_transformer.training.run_directory import RunDirectory
from dense_transformer.training.session import Session
from dense_transformer.training.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import torch

    from dense_transformer.config import TrainConfig
    from dense_transformer.data import DataSet
    from dense_transformer.data.patches import Batch
    from dense_transformer.training.result import Ending, TrainResult
    from dense_transformer.types import Progress

_AHEAD = 3  # batches drawn before they are asked for


def train(
    config: TrainConfig,
    run: Path,
    *,
    base: Path = Path("."),
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, TrainResult]:
    """Train a network; yields after every step, returns what it came to.

    Where `run` already holds a run of the same settings and data it goes on from
    its last save; on a CPU the result is then bit for bit that of a run that was
    never interrupted. Closing the generator saves everything first.

    Parameters
    ----------
    config : TrainConfig
        All settings.
    run : Path
        Directory of the run; created where it doesn't exist.
    base : Path
        What a relative ``config.data.root`` is relative to.
    stop : callable, optional
        Asked before each step whether to stop. A file ``stop`` in `run` does
        the same; it is removed when the next training begins there.

    Raises
    ------
    ConfigError, DeviceError, DataError, ImageError
        If settings, device or data don't work.
    RunError
        If `run` is in use, damaged, or belongs to other settings or data.
    DivergedError
        If more than ``config.skips`` steps were not finite; the last good model
        is kept and named.
    WriteError
        If something can't be saved; what was saved before stays whole.
    """
    device = training_device(config.device)
    with ExitStack() as stack:
        processes = stack.enter_context(joined_processes(device))
        first, count = processes.share(config.batch)
        directory = RunDirectory(Path(run))
        if processes.leads:
            stack.enter_context(directory)
        data = open_pairs(expand_root(config.data), config.network.in_channels, base)
        session = _begin(config, directory, processes, data, device)

        def draw(step: int) -> Batch:
            batch = sample_batch(
                data.train, patch=config.patch, batch=count, augment=config.augment,
                seed=config.seed, step=step, first=first,
            )  # fmt: skip
            return type(batch)(*(t.pin_memory() for t in batch)) if pin else batch

        pin = device.type == "cuda"
        batches = stack.enter_context(
            Ahead(
                draw,
                range(session.step, config.steps),
                ahead=_AHEAD,
                threads=min(_AHEAD, max(1, (os.cpu_count() or 1) // 2)),
                name="dtn-batches",
            )
        )
        try:
            ending = yield from _steps(session, batches, data, stop)
        except GeneratorExit:
            session.save()
            raise
        session.save()
        if session.leads:
            directory.append("end", session.step, reason=ending)
        return session.result(ending)


def _begin(
    config: TrainConfig,
    directory: RunDirectory,
    processes: Processes,
    data: DataSet,
    device: torch.device,
) -> Session:
    """Return the session where the run left off; write down how it is run."""
    content, notice = b"", ""
    if processes.leads:
        directory.begin(config, describe_run(data, device))
        content, notice = directory.read_state()
    content = processes.broadcast(content, device)
    weights = class_weights(data.train, config.network.classes, config.class_balance)
    learner = Learner(config, device, weights, processes)
    session = Session(config, directory, learner, processes)
    session.load(content)
    if processes.leads:
        directory.append(
            "start", session.step, device=describe_device(device),
            processes=processes.count, notice=notice,
        )  # fmt: skip
    return session


def _steps(
    session: Session,
    batches: Ahead[int, Batch],
    data: DataSet,
    stop: Callable[[], bool] | None,
) -> Generator[Progress, None, Ending]:
    """Step, validate and save until the end, and return which end it is."""
    config, learner = session.config, session.learner
    yield session.progress()
    while True:
        stopping = False
        if session.leads and session.validation_due and data.validation:
            stopping = yield from _validation(session, data, stop)
        stopping = stopping or _asked(session, stop)
        if session.processes.any(stopping, learner.device):
            return "stopped"
        if session.processes.any(session.without_gain, learner.device):
            return "patience"
        if session.step == config.steps:
            return "finished"
        _, batch = batches.take()
        with deterministic(config.deterministic):
            report = learner.learn(batch, session.step)
        progress = session.note_step(report)
        if session.skipped > config.skips:
            raise _diverged(session, report.fault)
        if session.step % config.save_every == 0:
            session.save()
        yield progress


def _validation(
    session: Session, data: DataSet, stop: Callable[[], bool] | None
) -> Generator[Progress, None, bool]:
    """Validate unless asked to stop meanwhile; return whether that was so."""
    work = validate(session.learner.model, data.validation, session.config)
    try:
        while not _asked(session, stop):
            yield session.progress(next(work))
    except StopIteration as end:
        yield session.note_validation(end.value, data)
    except DivergedError as error:
        yield session.note_failed_validation(error)
    else:
        return True
    return False


def _asked(session: Session, stop: Callable[[], bool] | None) -> bool:
    return session.directory.stop_requested() or (stop is not None and stop())


def _diverged(session: Session, fault: str) -> DivergedError:
    """Return the error that ends the run, after keeping the last good model."""
    directory = session.directory
    if session.leads:
        session.save_last()
        directory.append("end", session.step, reason="diverged")
    kept = directory.best if directory.best.exists() else directory.last
    return DivergedError(
        f"{session.skipped} steps were not finite; the last good model is {kept}; "
        f"lower learning_rate {session.config.learning_rate:g} or gradient_norm, or "
        f"check the images; step {session.step}: {fault}"
    )
