"""What a data set of annotations says beside its pixels: names, patches, settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dense_transformer.errors import ProjectError
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.types import Box

PATCHES = "patches.json"
SETTINGS = "train.toml"
_LARGEST = 2**26  # bytes of a file of patches


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """What ``patches.json`` says.

    Attributes
    ----------
    patches : dict of str to list of Box
        Boxes that are annotated as a whole, by the name of the files; px.
    origin : dict of str to (str, int)
        Image and section that files of a name were written from.
    """

    patches: dict[str, list[Box]] = field(default_factory=dict)
    origin: dict[str, tuple[str, int]] = field(default_factory=dict)


def section_name(entry: ImageEntry, section: int) -> str:
    """Return the usual name of a section's files: the image's, numbered in a stack."""
    if entry.sections == 1:
        return entry.name
    digits = max(3, len(str(entry.sections - 1)))
    return f"{entry.name}-{section:0{digits}}"


def unlike_names(sections: Iterable[tuple[ImageEntry, int]]) -> list[str]:
    """Return a name for the files of each section; no two are the same.

    Section 1 of a stack ``vol`` and an image ``vol-001`` would have one, and where
    capitals make no difference ``A`` and ``a``.
    """
    names: list[str] = []
    taken: set[str] = set()
    for entry, section in sections:
        usual = name = section_name(entry, section)
        number = 2
        while name.casefold() in taken:
            name = f"{usual}-{number}"
            number += 1
        taken.add(name.casefold())
        names.append(name)
    return names


def pack_record(record: ExchangeRecord, classes: tuple[str, ...]) -> bytes:
    """Return ``patches.json``."""
    values = {"classes": classes, "patches": record.patches, "from": record.origin}
    return json.dumps(values, indent=1).encode()


def read_record(path: Path) -> ExchangeRecord:
    """Return what ``patches.json`` says; nothing where it isn't there.

    Raises
    ------
    ProjectError
        If it is damaged.
    """
    if not path.exists():
        return ExchangeRecord()
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        values: Any = json.loads(path.read_bytes())
        patches = {str(k): _boxes(k, v) for k, v in values["patches"].items()}
        origin = {str(k): _place(k, v) for k, v in values.get("from", {}).items()}
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as e:
        raise ProjectError(
            f"{path} is damaged: {e}; remove it to import labels without patches"
        ) from e
    return ExchangeRecord(patches, origin)


def pack_settings(classes: tuple[str, ...], images: tuple[ImageEntry, ...]) -> bytes:
    """Return the settings with which `dtn train` reads the data set."""
    sizes = [entry.pixel_nm for entry in images if entry.pixel_nm]
    lines = [
        "# dtn train train.toml --run RUN",
        "# labels/: 0 is ignored, 1, 2 ... are the classes below",
        'name = "taught"',
        "[network]",
        f"classes = {len(classes)}",
        "[data]",
        'layout = "folders"',
        'root = "."',
        f"classes = {json.dumps(list(classes), ensure_ascii=False)}",
    ]
    if sizes:
        lines.append(f"pixel_nm = {list(sizes[0])}")
    return ("\n".join(lines) + "\n").encode()


def _boxes(name: str, boxes: Any) -> list[Box]:
    if any(len(box) != 4 or not all(type(v) is int for v in box) for box in boxes):
        raise ValueError(f"{name!r} has boxes that aren't four whole numbers")
    return [(top, left, bottom, right) for top, left, bottom, right in boxes]


def _place(name: str, place: Any) -> tuple[str, int]:
    image, section = place
    if not isinstance(image, str) or type(section) is not int:
        raise ValueError(f"{name!r} is from {place!r}, no image and section")
    return image, section
