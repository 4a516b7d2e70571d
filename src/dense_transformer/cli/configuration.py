"""The configuration that a command line names, with its changes."""

from __future__ import annotations

import argparse
from pathlib import Path

from dense_transformer.cli.changes import add_changes, read_changes
from dense_transformer.config import TrainConfig

HELP = "TOML file with the settings, or the name of a shipped model: its settings."


def add_configuration(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the argument or option `name` and the changes to what it names."""
    parser.add_argument(name, help=HELP)
    add_changes(parser)


def read_configuration(
    name_or_path: str, changes: list[str]
) -> tuple[TrainConfig, Path]:
    """Return the settings, and the folder that their data root is relative to.

    That is the folder of the file; for a shipped configuration it is the working
    directory, as nobody keeps data among the installed packages.

    Raises
    ------
    ConfigError
        If there is no such file, or it or a change can't be used.
    """
    from dense_transformer.training import read_config
    from dense_transformer.zoo import find_config

    path = find_config(name_or_path)
    config = read_config(path, read_changes(changes))
    shipped = path != Path(name_or_path)
    return config, Path.cwd() if shipped else path.resolve().parent
