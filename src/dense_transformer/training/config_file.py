"""Training configurations as TOML files."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dense_transformer.config import DataConfig, TrainConfig
from dense_transformer.errors import ConfigError
from dense_transformer.settings import from_dict

_LARGEST_FILE = 1_000_000  # bytes; a configuration has some hundreds
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read_config(path: Path, changes: Mapping[str, Any] | None = None) -> TrainConfig:
    """Return the training configuration that the TOML file `path` holds.

    Its data root stays as it is written, so that a run can go on after the data
    have moved; `train` reads it relative to `base`, which should be the file's
    folder, and puts environment variables such as ``${DTN_DATA}`` in place.

    Parameters
    ----------
    path : Path
        The file.
    changes : mapping, optional
        Settings that replace those of the file, nested as they are.

    Raises
    ------
    ConfigError
        If the file can't be read, isn't TOML, has settings that don't exist or
        are out of range, or names an environment variable that isn't set.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigError(
                f"{path} is too large for a configuration; give a TOML file"
            )
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"can't read {path}: {error.strerror}; give a TOML file"
        ) from error
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise ConfigError(f"{path} is not a TOML file: {error}") from error
    try:
        config = from_dict(TrainConfig, _changed(values, changes or {}))
        expand_root(config.data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def _changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with `changes`; a table changes only what it names."""
    changed = dict(values)
    for key, value in changes.items():
        old = changed.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        changed[key] = _changed(old, value) if both else value  # type: ignore[arg-type]
    return changed


def expand_root(data: DataConfig) -> DataConfig:
    """Return `data` with the environment variables of its root put in place.

    Raises
    ------
    ConfigError
        If a variable isn't set.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise ConfigError(
                f"data.root {data.root!r}: the environment variable {match[1]} is not "
                f"set; set it to the folder of the data, or write the path itself"
            )
        return found

    return dataclasses.replace(data, root=_VARIABLE.sub(value, data.root))
