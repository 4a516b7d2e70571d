"""What a run learns from and is judged by, as it was frozen with the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.errors import ConfigError, ProjectError
from dense_transformer.settings import from_dict
from dense_transformer.teaching.annotations import Patch
from dense_transformer.teaching.images import open_entry
from dense_transformer.teaching.journal_lines import (
    Piece,
    check_box,
    read_line,
    unpack_piece,
)
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.types import Array, Box, Image

FILE, LABELS = "lesson.json", "lesson.labels"
FORMAT, VERSION = "napari-dtn lesson", 1
HELD = 128  # added to the labels of held-out pixels in the file
_LARGEST = 2**28  # bytes


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One section of an image with what is annotated on it.

    Attributes
    ----------
    name : str
        Of the image within the project.
    entry : ImageEntry
        Where the image lies and how to know it again.
    folder : Path
        The project's, which `entry.path` is relative to.
    section : int
        Which section of it.
    labels : ndarray, shape (h, w), uint8
        All annotations: 0 = not annotated, else class index + 1.
    held : ndarray, shape (h, w), bool
        Which of them are held out.
    patches : tuple of Patch
        Boxes that are annotated as a whole.
    held_out : tuple of Patch
        Boxes around what is held out, to be shown. Only pixels in `held` are.
    """

    name: str
    entry: ImageEntry
    folder: Path
    section: int
    labels: Array
    held: Array
    patches: tuple[Patch, ...]
    held_out: tuple[Patch, ...]

    @property
    def training(self) -> Array:
        """The labels (h, w) to learn from; 0 where held out."""
        return np.where(self.held, np.uint8(0), self.labels)

    @property
    def validation(self) -> Array:
        """The labels (h, w) to judge by; 0 where they are to learn from."""
        return np.where(self.held, self.labels, np.uint8(0))

    def open_image(self, *, check: bool = True) -> Image:
        """Return the image, opened lazily.

        Raises
        ------
        ProjectError
            If it moved or isn't what it was.
        ImageError
            If it can't be read.
        """
        return open_entry(self.entry, self.folder, check=check)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a run learns from and is judged by; never changed after it began.

    Attributes
    ----------
    classes : tuple of str
        Names of the classes, the foreground last.
    examples : tuple of Example
        The sections on which something is annotated.
    sha256 : str
        Of all labels, what is held out, and the images' fingerprints.
    notice : str
        What is held out, in words for people.
    """

    classes: tuple[str, ...]
    examples: tuple[Example, ...]
    sha256: str
    notice: str

    @property
    def has_held_out(self) -> bool:
        """Whether anything is held out."""
        return any(example.held_out for example in self.examples)


def read_lesson(run_folder: Path) -> Lesson:
    """Return the lesson of a run.

    Raises
    ------
    ProjectError
        If it isn't there, damaged, hostile or too new.
    """
    path = run_folder / FILE
    header = _read_header(path)
    labels_path = run_folder / LABELS
    try:
        if labels_path.stat().st_size > _LARGEST:
            raise ProjectError(f"{labels_path} is too large to be a lesson")
        body = labels_path.read_bytes()
    except OSError as error:
        raise ProjectError(f"can't read {labels_path}: {error.strerror}") from error
    if hashlib.sha256(body).hexdigest() != header.get("labels_sha256"):
        raise ProjectError(
            f"{labels_path} is damaged; the run can't go on, start another one"
        )
    try:
        folder = _project_folder(run_folder, header)
        classes = tuple(map(str, header["classes"]))
        entries = [from_dict(ImageEntry, item) for item in header["images"]]
        labels = _unpack(body, entries, len(classes))
        examples = [
            _example(item, entries, labels, folder) for item in header["examples"]
        ]
    except (LookupError, TypeError, ValueError, ConfigError, MemoryError) as error:
        raise ProjectError(f"{path} is damaged: {error}") from error
    digest = hashlib.sha256(
        json.dumps([header["images"], header["labels_sha256"]]).encode()
    ).hexdigest()
    return Lesson(classes, tuple(examples), digest, str(header["notice"]))


def repeats(run_folder: Path) -> str:
    """Return the name of the run whose lesson this one has again; empty if its own.

    Raises
    ------
    ProjectError
        As `read_lesson`.
    """
    return str(_read_header(run_folder / FILE).get("repeats", ""))


def _read_header(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise ProjectError(f"{path} is too large to be a lesson")
        header = json.loads(path.read_bytes())
    except OSError as error:
        raise ProjectError(
            f"{path.parent} is no run of a teaching project: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path} is damaged: {error}") from error
    if not isinstance(header, Mapping) or header.get("format") != FORMAT:
        raise ProjectError(f"{path} is no lesson of napari-dtn")
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ProjectError(
            f"{path} is of version {version}, newer than {VERSION} that is known here; "
            "update napari-dtn"
        )
    return dict(header)


def _project_folder(run_folder: Path, header: Mapping[str, Any]) -> Path:
    """Return the project a run belongs to: two folders up, or where it was."""
    above = run_folder.resolve().parent.parent
    return above if (above / "project.json").exists() else Path(header["project"])


def _unpack(
    body: bytes, entries: Sequence[ImageEntry], classes: int
) -> list[dict[int, list[Piece]]]:
    """Return the pieces of each image by section."""
    found: list[dict[int, list[Piece]]] = [{} for _ in entries]
    for line in body.splitlines(keepends=True):
        record = read_line(line)
        if record is None:
            raise ValueError("a line of its labels is damaged")
        index = int(record["image"])
        piece = unpack_piece(record["piece"], entries[index].shape, HELD + classes)
        if int((piece.after & (HELD - 1)).max(initial=0)) > classes:
            raise ValueError("it holds labels that are no class")
        found[index].setdefault(piece.section, []).append(piece)
    return found


def _example(
    item: Mapping[str, Any],
    entries: Sequence[ImageEntry],
    pieces: Sequence[Mapping[int, Sequence[Piece]]],
    folder: Path,
) -> Example:
    entry, section = entries[item["image"]], int(item["section"])
    check_box(section, (0, 0, *entry.size), entry.shape)
    marked = np.zeros(entry.size, np.uint8)  # pages that hold nothing stay unused
    held = np.zeros(entry.size, bool)
    for piece in pieces[item["image"]].get(section, ()):
        height, width = piece.after.shape
        at = np.s_[piece.top : piece.top + height, piece.left : piece.left + width]
        marked[at] = piece.after & (HELD - 1)
        held[at] = piece.after >= HELD
    for array in (marked, held):
        array.setflags(write=False)
    return Example(
        entry.name,
        entry,
        folder,
        section,
        marked,
        held,
        _patches(section, item["patches"], entry),
        _patches(section, item["held_out"], entry),
    )


def _patches(
    section: int, boxes: Sequence[Box], entry: ImageEntry
) -> tuple[Patch, ...]:
    patches = tuple(Patch(section, *map(int, box)) for box in boxes)
    for patch in patches:
        check_box(section, patch.box, entry.shape)
    return patches
