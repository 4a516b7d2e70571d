"""`dtn train`: train a network as a configuration file says."""

from __future__ import annotations

import argparse
from pathlib import Path

from dense_transformer.cli.config_file import read_config
from dense_transformer.cli.console import ProgressLine, leads, note, say
from dense_transformer.cli.signals import stop_on_signal
from dense_transformer.work import finish

NAME = "train"
HELP = "Train a network on pairs of images and labels, or go on with a stopped run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("config", type=Path, help="TOML file with the settings.")
    parser.add_argument(
        "--run",
        type=Path,
        required=True,
        dest="run_directory",
        metavar="DIR",
        help="Folder of the run; where it holds one of the same settings, it goes on.",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="KEY=VALUE",
        help="Change a setting, such as steps=200 or network.base_channels=16.",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train; stopped by Ctrl-C or SIGTERM it saves all and ends within a step."""
    from dense_transformer.training import train

    config = read_config(arguments.config, arguments.changes)
    with stop_on_signal() as stop:
        work = train(
            config,
            arguments.run_directory,
            base=arguments.config.resolve().parent,
            stop=stop,
        )
        if leads():
            with ProgressLine("train") as line:
                finish(work, line)
        else:
            finish(work)
    if not leads():
        return stop.exit_code
    if stop():
        note("dtn: stopped and saved; the same command goes on")
    say(str(arguments.run_directory))
    return stop.exit_code
