"""`dtn train`: train a network as a configuration file says."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.cli.configuration import add_configuration, read_configuration
from dense_transformer.cli.console import ProgressLine, leads, note, say
from dense_transformer.cli.signals import stop_on_signal
from dense_transformer.work import finish

if TYPE_CHECKING:
    from dense_transformer.training import TrainResult

NAME = "train"
HELP = "Train a network on images and labels, or go on with a stopped run."
DETAILS = """\
The run directory holds everything: settings, events, models, the state to go on
from. The same command goes on where a run was stopped; Ctrl-C, SIGTERM or a file
"stop" in the directory end it within a step with everything saved.

On several processes (torchrun takes --run for its own, so --out):
torchrun --nproc_per_node=2 --no-python dtn train CONFIG --out DIR
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_configuration(parser, "config")
    parser.add_argument(
        "--run",
        "--out",
        type=Path,
        required=True,
        dest="run_directory",
        metavar="DIR",
        help="Folder of the run; where it holds one of the same settings, it goes on.",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, and print the scores and the model files."""
    from dense_transformer.training import train

    config, base = read_configuration(arguments.config, arguments.changes)
    with stop_on_signal("again to stop without saving") as stop:
        work = train(config, arguments.run_directory, base=base, stop=stop)
        if not leads():
            finish(work)
            return stop.exit_code
        with ProgressLine("train") as line:
            result = finish(work, line)
    report(result)
    return stop.exit_code


def report(result: TrainResult) -> None:
    """Print what a training came to."""
    note(f"dtn: {result.ending} after {result.steps} steps, {result.skipped} skipped")
    if result.ending == "stopped":
        note("dtn: everything is saved; the same command goes on")
    if result.scores is not None:
        scores = result.scores
        note(f"dtn: best on validation: AUC {scores.auc:.4f}, F1 {scores.f1:.4f}")
    for path in dict.fromkeys((result.best, result.last)):
        say(str(path))
