"""`--set key=value`: settings changed on the command line."""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dense_transformer.cli.options import parse_value
from dense_transformer.config import TrainConfig
from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Add the option `--set`, which may be given many times."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="KEY=VALUE",
        help="Change a setting, such as steps=200 or network.base_channels=16.",
    )


def read_changes(texts: Sequence[str]) -> dict[str, Any]:
    """Return what ``["steps=200", "data.root=here"]`` change, as nested tables.

    A `data.root` given here is relative to the working directory, while that of
    a file is relative to the file.

    Raises
    ------
    ConfigError
        If a text has no ``=``, names a setting that doesn't exist, or its value
        is of the wrong kind.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise ConfigError(f"--set {text!r}: write key=value, such as steps=200")
        *tables, last = key.split(".")
        cls, table = _enter(tables, changes, key)
        table[last] = parse_value(value, _hint(cls, last, key), key)
        if key == "data.root" and not value.startswith("${"):
            table[last] = str(Path(table[last]).resolve())
    return changes


def _enter(
    names: Sequence[str], changes: dict[str, Any], key: str
) -> tuple[type[Settings], dict[str, Any]]:
    """Return the class and the table that the tables `names` lead to."""
    cls: type[Settings] = TrainConfig
    table = changes
    for name in names:
        hint = _hint(cls, name, key)
        if not (isinstance(hint, type) and issubclass(hint, Settings)):
            raise ConfigError(f"--set {key}: {name} has no settings of its own")
        cls, table = hint, table.setdefault(name, {})
    return cls, table


def _hint(cls: type[Settings], name: str, key: str) -> Any:
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    if name not in known:
        raise ConfigError(
            f"--set {key}: {cls.__name__} has no setting {name!r}; "
            f"it knows {', '.join(known)}"
        )
    return typing.get_type_hints(cls)[name]
