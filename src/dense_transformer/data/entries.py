"""What a layout finds on disk: images with their labels, not read yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dense_transformer.config import DataConfig
from dense_transformer.errors import ConfigError, DataError
from dense_transformer.types import Array, Image

IMAGE_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".h5", ".hdf5", ".hdf")


Split = Literal["", "train", "validation"]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One image with its labels, to be read when wanted.

    Attributes
    ----------
    name : str
        File stem, or two digits or more for a section of a stack.
    image : callable
        Returns the image and which section of it.
    labels : callable
        Returns (h, w) uint8: 0 = ignored, class index + 1.
    files : tuple of Path
        What it is read from.
    split : str
        Where the data set itself puts it.
    """

    name: str
    image: Callable[[], tuple[Image, int]]
    labels: Callable[[], Array]
    files: tuple[Path, ...]
    split: Split = ""


def section_names(count: int, prefix: str = "") -> list[str]:
    """Return names for the sections of a stack, such as 00, 01, .. or stem/000."""
    digits = max(2, len(str(count - 1)))
    return [f"{prefix}{section:0{digits}}" for section in range(count)]


def check_two_classes(config: DataConfig) -> None:
    """Raise ConfigError unless the data set's two classes are asked for."""
    if len(config.classes) != 2 or config.foreground:
        raise ConfigError(
            f"layout {config.layout!r} tells 2 classes apart, background first: give "
            f"2 names instead of {config.classes} and no foreground"
        )


def images_in(
    folder: Path, suffixes: tuple[str, ...] = IMAGE_SUFFIXES
) -> dict[str, Path]:
    """Return the image files of a folder by stem, 2 before 10.

    Raises
    ------
    DataError
        If there is no such folder, it holds no image, or two of one stem.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is missing; is the root of the data set right?")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), key=lambda path: natural(path.name)):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        if path.stem in found:
            raise DataError(
                f"{folder} holds {found[path.stem].name} and {path.name}; "
                "keep one of them"
            )
        found[path.stem] = path
    if not found:
        raise DataError(f"{folder} holds no image ({', '.join(suffixes)})")
    return found


def partner(stem: str, folder: Path, files: dict[str, Path]) -> Path:
    """Return the file of `files` called `stem`, or raise DataError naming it."""
    if stem not in files:
        raise DataError(f"{folder / stem}.* is missing: {stem} has no partner there")
    return files[stem]


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names by value."""
    parts = re.split(r"(\d+)", name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


def pick(entries: Sequence[Entry], wanted: Sequence[str]) -> list[Entry]:
    """Return the entries that names or half-open ``lo:hi`` ranges ask for.

    Parameters
    ----------
    entries : sequence of Entry
        What there is.
    wanted : sequence of str
        Names (of a stack: all of its sections), or ranges as Python slices
        them: ``"0:13"`` is sections 0 to 12.

    Raises
    ------
    DataError
        If a name or range matches nothing.
    """
    chosen: dict[str, Entry] = {}
    for term in wanted:
        found = [e for e in entries if e.name == term]
        found = found or [e for e in entries if e.name.startswith(f"{term}/")]
        found = found or _in_range(entries, term)
        if not found:
            names = ", ".join(e.name for e in entries[:8])
            raise DataError(
                f"{term!r} is none of the {len(entries)} images ({names}"
                f"{', ...' if len(entries) > 8 else ''})"
            )
        chosen |= {e.name: e for e in found}
    return [e for e in entries if e.name in chosen]


def _in_range(entries: Sequence[Entry], term: str) -> list[Entry]:
    match = re.fullmatch(r"(\d*):(\d*)", term)
    if match is None:
        return []
    low = int(match[1] or 0)
    high = int(match[2]) if match[2] else None
    return [
        e
        for e in entries
        if e.name.isdecimal()
        and low <= int(e.name)
        and (high is None or int(e.name) < high)
    ]
