"""Frozen dataclasses as settings: help, range and choices in each field.

One class serves the command line, the forms of the GUI, the run directory and
the model file, so it is checked in one place and spelled once.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

from dense_transformer.errors import ConfigError

T = TypeVar("T")


def setting(
    default: Any = dataclasses.MISSING,
    text: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Return a dataclass field that carries its help text and range."""
    metadata = {"help": text, "low": low, "high": high}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Settings:
    """Base of all settings: checks types, ranges and choices once, at creation."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            where = f"{type(self).__name__}.{field.name}"
            value = _fit(value, hints[field.name], where)
            _check_range(value, field.metadata, where)
            object.__setattr__(self, field.name, value)
        self.check()

    def check(self) -> None:
        """Raise ConfigError where fields don't fit together; for subclasses."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `from_dict` reads them back."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        }


def from_dict(cls: type[T], values: Mapping[str, Any]) -> T:
    """Return the settings of class `cls` that `to_dict` or a TOML file holds.

    Raises
    ------
    ConfigError
        For a key that the class doesn't know, a missing one, or a bad value.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{cls.__name__}: {values!r} is not a table of settings")
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(set(map(str, values)) - set(fields)):
        raise ConfigError(
            f"{cls.__name__} has no setting {', '.join(unknown)}; "
            f"it knows {', '.join(fields)}"
        )
    for name, field in fields.items():
        if name not in values and field.default is dataclasses.MISSING:
            raise ConfigError(
                f"{cls.__name__}.{name} is missing: {field.metadata['help']}"
            )
    return cls(**values)


def _fit(value: Any, hint: Any, where: str) -> Any:
    """Return `value` as the type `hint` says; lists become tuples, tables classes."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        rest = [arg for arg in args if arg is not type(None)]
        if len(rest) == 1:
            return _fit(value, rest[0], where)
    if origin is typing.Literal:
        if value not in args:
            raise ConfigError(
                f"{where} {value!r}: use one of {', '.join(map(repr, args))}"
            )
        return value
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} {value!r} is not a list")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_fit(item, args[0], where) for item in value)
        if len(value) != len(args):
            raise ConfigError(f"{where} {value!r}: give {len(args)} values")
        return tuple(_fit(v, a, where) for v, a in zip(value, args, strict=True))
    if isinstance(hint, type) and issubclass(hint, Settings):
        return value if isinstance(value, hint) else from_dict(hint, value)
    return _fit_plain(value, hint, where)


def _fit_plain(value: Any, hint: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and (
        not isinstance(value, hint) or (hint is not bool and isinstance(value, bool))
    ):
        raise ConfigError(f"{where} {value!r} is not a {hint.__name__}")
    return value


def _check_range(value: Any, metadata: Mapping[str, Any], where: str) -> None:
    low, high = metadata.get("low"), metadata.get("high")
    items = value if isinstance(value, tuple) else (value,)
    for item in items:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            continue
        if not (low is None or item >= low) or not (high is None or item <= high):
            raise ConfigError(f"{where} {item}: use a value from {low} to {high}")


def _plain(value: Any) -> Any:
    if isinstance(value, Settings):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
