"""The same run again: its lesson, its model and its settings, in a new run."""

from __future__ import annotations

import dataclasses
import json
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from dense_transformer.errors import RunError
from dense_transformer.files import atomic_write
from dense_transformer.teaching import beginning, lesson
from dense_transformer.teaching.beginning import read_teaching
from dense_transformer.teaching.trash import FOLDER as TRASH
from dense_transformer.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from dense_transformer.config import TeachConfig
    from dense_transformer.teaching.project import Project


def repeat_run(project: Project, run: Path) -> Path:
    """Return a new run that learns what another one did, ready for `teach`.

    On a CPU its models are those of the other, bit for bit, whatever was painted or
    kept since: annotations, what of them is held out, the model to begin with and the
    settings are copies, and as many threads are used.

    Parameters
    ----------
    project : Project
        Open, to look at least.
    run : Path
        One of its runs, at work or ended.

    Raises
    ------
    RunError
        If it isn't a run of a project, is damaged, or its model is gone.
    ProjectError
        If its lesson is damaged.
    WriteError
        If there is no room for another.
    """
    config = _with_threads(run, read_teaching(run))
    lesson.read_lesson(run)  # only a whole one
    header = json.loads((run / lesson.FILE).read_bytes()) | {"repeats": run.name}
    start = _start_of(run)
    new = project.new_run()
    try:
        atomic_write(new / lesson.LABELS, (run / lesson.LABELS).read_bytes())
        atomic_write(new / lesson.FILE, json.dumps(header, indent=1).encode())
        atomic_write(new / beginning.START, start.read_bytes())
        values = json.loads((run / beginning.FILE).read_bytes())
        values |= {"project": str(project.folder), "config": config.to_dict()}
        atomic_write(new / beginning.FILE, json.dumps(values, indent=1).encode())
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return new


def repeating_arguments(run: Path) -> list[str]:
    """Return what to give ``dtn`` so that it teaches the same as a run again."""
    run = run.resolve()
    return ["teach", str(run.parent.parent), "--repeat", run.name]


def _with_threads(run: Path, config: TeachConfig) -> TeachConfig:
    """Return settings with as many threads as the run had, where that is known."""
    if config.threads:
        return config
    with suppress(RunError):
        threads = RunDirectory(run).read_record().get("threads")
        if isinstance(threads, int) and 0 < threads <= 256:
            return dataclasses.replace(config, threads=threads)
    return config


def _start_of(run: Path) -> Path:
    """Return the file of the model that a run began with."""
    for folder in (run, run / TRASH):
        if (folder / beginning.START).exists():
            return folder / beginning.START
    raise RunError(f"the model that {run} began with is gone; it was discarded")
