"""Settings as command-line options: help, range and choices from the fields."""

from __future__ import annotations

import argparse
import dataclasses
import tomllib
import types
import typing
from collections.abc import Sequence
from typing import Any, TypeVar, get_args, get_origin

from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, from_dict

S = TypeVar("S", bound=Settings)


def add_settings(
    parser: argparse.ArgumentParser, cls: type[Settings], leave_out: Sequence[str] = ()
) -> None:
    """Add an option for each field of `cls`, with its help, range and default."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.name in leave_out:
            continue
        hint = hints[field.name]
        name = "--" + field.name.replace("_", "-")
        text = _help(field).replace("%", "%%")
        if hint is bool:
            parser.add_argument(
                name, action=argparse.BooleanOptionalAction, default=None, help=text
            )
        else:
            parser.add_argument(name, metavar=_metavar(field.name, hint), help=text)


def read_settings(arguments: argparse.Namespace, cls: type[S]) -> S:
    """Return the settings that the options of `add_settings` give.

    Raises
    ------
    ConfigError
        For a value of the wrong kind or out of range.
    """
    hints = typing.get_type_hints(cls)
    values = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        text = getattr(arguments, field.name, None)
        if text is not None:
            values[field.name] = parse_value(text, hints[field.name], field.name)
    return from_dict(cls, values)


def parse_value(text: str | bool, hint: Any, name: str) -> Any:
    """Return the value that `text` means for a setting of type `hint`.

    Pairs are written ``224``, ``224,256``, ``224x256`` or ``[224, 256]``;
    everything else as in TOML, where a word needs no quotes.

    Raises
    ------
    ConfigError
        If a number is asked for and `text` is none.
    """
    if isinstance(text, bool):
        return text
    hint = _without_none(hint)
    if get_origin(hint) is tuple and not text.lstrip().startswith("["):
        item_hints = get_args(hint)
        items = [part.strip() for part in text.replace("x", ",").split(",")]
        if item_hints[1:] != (Ellipsis,) and item_hints[0] in (int, float):
            items = items * len(item_hints) if len(items) == 1 else items
            return [parse_value(item, item_hints[0], name) for item in items]
        kept = [part.strip() for part in text.split(",") if part.strip()]
        if item_hints[0] in (int, float):
            return [parse_value(item, item_hints[0], name) for item in kept]
        return kept
    if hint is str or get_origin(hint) is typing.Literal:
        return _toml(text) if text[:1] in "\"'" and text else text
    value = _toml(text)
    if hint in (int, float) and isinstance(value, str):
        raise ConfigError(f"{name} {text!r} is not a number")
    return value


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text


def _help(field: dataclasses.Field[Any]) -> str:
    low, high = field.metadata.get("low"), field.metadata.get("high")
    about = []
    if low is not None or high is not None:
        about.append(f"{'' if low is None else low}..{'' if high is None else high}")
    if field.default is not None and field.default is not dataclasses.MISSING:
        about.append(f"default {field.default}")
    text = str(field.metadata["help"])
    return f"{text} ({'; '.join(about)})" if about else text


def _metavar(name: str, hint: Any) -> str:
    hint = _without_none(hint)
    if get_origin(hint) is typing.Literal:
        return "{" + ",".join(map(str, get_args(hint))) + "}"
    if get_origin(hint) is tuple:
        return "Y,X"
    return {int: "N", float: "X"}.get(hint, name.upper())


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (types.UnionType, typing.Union):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint
