"""The public names and their signatures change on purpose or not at all.

After a change on purpose: `python tests/test_public_api.py` writes the file anew.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path

import dense_transformer

SURFACE = Path(__file__).with_name("api_surface.json")


def describe(name: str) -> str:
    value = getattr(dense_transformer, name)
    if dataclasses.is_dataclass(value):
        return "fields " + ", ".join(field.name for field in dataclasses.fields(value))
    if isinstance(value, type):
        return "class of " + ", ".join(base.__name__ for base in value.__mro__[1:-1])
    return str(inspect.signature(value)).replace("WindowsPath", "PosixPath")


def surface() -> dict[str, str]:
    return {name: describe(name) for name in sorted(dense_transformer.__all__)}


def test_the_public_names_are_those_written_down():
    assert surface() == json.loads(SURFACE.read_text())


def test_every_public_name_says_what_it_is():
    for name in dense_transformer.__all__:
        assert (getattr(dense_transformer, name).__doc__ or "").strip(), name


def test_lazy_names_are_listed_once_and_in_order():
    rooms = dense_transformer._ROOM_OF
    assert sorted(dense_transformer.__all__) == sorted(rooms)
    assert set(dense_transformer.__all__) <= set(dir(dense_transformer))


def test_a_name_that_isnt_there_is_an_attribute_error():
    assert not hasattr(dense_transformer, "predictt")


if __name__ == "__main__":
    SURFACE.write_text(json.dumps(surface(), indent=2) + "\n")
