"""`dtn teach`: a run begun, gone on with, or asked for something."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.cli.console import ProgressLine, note, say
from dense_transformer.cli.options import read_settings
from dense_transformer.cli.signals import stop_on_signal
from dense_transformer.config import TeachConfig
from dense_transformer.errors import ConfigError
from dense_transformer.work import finish

if TYPE_CHECKING:
    from dense_transformer.teaching.requests import Request


def teach_now(arguments: argparse.Namespace) -> int:
    """Begin a run, or go on with one, and work on it to its end."""
    from dense_transformer.teaching.tuning import teach

    run = _find_run(arguments)
    with (
        stop_on_signal("again to stop without saving") as stop,
        ProgressLine(f"teach {run.name}") as line,
    ):
        result = finish(teach(run, stop=stop), line)
    note(f"dtn: {result.words}")
    if result.ending == "stopped":
        note("dtn: everything is saved; the same command with --run goes on")
    if result.best is not None:
        say(str(result.best))
    return stop.exit_code


def ask(project: Path, request: Request, name: str) -> int:
    """Ask a run for something by a file in its directory; it may run anywhere."""
    from dense_transformer.teaching import Project, read_status, requests
    from dense_transformer.teaching.models import run_folder

    with Project.open(project, write=False) as opened:
        run = run_folder(opened, name)
    requests.ask(run, request)
    if request == "bring-back":
        done = "brought back"
    elif request == "discard" and read_status(run).state == "discarded":
        done = "discarded"
    else:
        done = f"asked to {request}"
    say(f"{run.name}: {done}")
    return 0


def _find_run(arguments: argparse.Namespace) -> Path:
    """Return the run to work on; a new one unless --run names one.

    With --repeat it has lesson, model and settings of an earlier one.
    """
    from dense_transformer.teaching import Project
    from dense_transformer.teaching.beginning import begin_run
    from dense_transformer.teaching.models import run_folder
    from dense_transformer.teaching.repeating import repeat_run

    given = [
        field.name
        for field in dataclasses.fields(TeachConfig)
        if getattr(arguments, field.name, None) is not None
    ]
    earlier = arguments.run_name or arguments.repeat
    if earlier and (given or arguments.model):
        option = "run" if arguments.run_name else "repeat"
        raise ConfigError(
            f"run {earlier} keeps the settings it was begun with; "
            f"leave out {', '.join(f'--{name}' for name in given or ['model'])}"
            f", or begin another run without --{option}"
        )
    with Project.open(arguments.project, write=False) as project:
        if arguments.run_name:
            return run_folder(project, arguments.run_name)
        if arguments.repeat:
            run = repeat_run(project, run_folder(project, arguments.repeat))
        else:
            config = read_settings(arguments, TeachConfig)
            run = begin_run(project, config, arguments.model)
    folder = shlex.quote(str(arguments.project))
    note(
        f"dtn: run {run.name} begins; if it is stopped, this goes on with it: "
        f"dtn teach {folder} --run {run.name}"
    )
    return run
