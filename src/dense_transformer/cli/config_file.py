"""Training configurations as TOML files, with changes from the command line."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dense_transformer.cli.options import parse_value
from dense_transformer.config import TrainConfig
from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, from_dict

LARGEST_BYTES = 1_000_000


def read_config(path: Path, changes: Sequence[str] = ()) -> TrainConfig:
    """Return the configuration of the TOML file `path` with `changes` applied.

    Parameters
    ----------
    path : Path
        A TOML file with the fields of `TrainConfig`.
    changes : sequence of str
        Such as ``"steps=200"`` or ``"network.base_channels=16"``. A changed
        `data.root` is relative to the working directory, not to the file.

    Raises
    ------
    ConfigError
        If the file is not TOML or a setting is unknown or out of range.
    OSError
        If the file can't be read.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise ConfigError(f"{path}: {path.stat().st_size} bytes are no configuration")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from error
    for change in changes:
        apply_change(values, change)
    try:
        return from_dict(TrainConfig, values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def apply_change(values: dict[str, Any], change: str) -> None:
    """Put the change ``"key.key=value"`` into the nested tables `values`.

    Raises
    ------
    ConfigError
        If `change` has no ``=`` or names a setting that doesn't exist.
    """
    key, equals, text = change.partition("=")
    if not equals:
        raise ConfigError(f"--set {change!r}: write key=value, such as steps=200")
    *tables, last = key.strip().split(".")
    cls: type[Settings] = TrainConfig
    table: Any = values
    for name in tables:
        hint = _hint(cls, name, key)
        if not (isinstance(hint, type) and issubclass(hint, Settings)):
            raise ConfigError(f"--set {change!r}: {name} has no settings of its own")
        cls, table = hint, table.setdefault(name, {})
        if not isinstance(table, Mapping):
            raise ConfigError(f"--set {change!r}: {name} is not a table in the file")
    value = parse_value(text.strip(), _hint(cls, last, key), key)
    if key.strip() == "data.root":
        value = str(Path(value).resolve())
    table[last] = value


def _hint(cls: type[Settings], name: str, key: str) -> Any:
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    if name not in known:
        raise ConfigError(
            f"--set {key}: {cls.__name__} has no setting {name}; "
            f"it knows {', '.join(known)}"
        )
    return typing.get_type_hints(cls)[name]
