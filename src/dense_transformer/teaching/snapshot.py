"""A lesson: the annotations as they were when a run began, frozen with the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.errors import ConfigError, DataError, ProjectError
from dense_transformer.files import atomic_write
from dense_transformer.settings import from_dict
from dense_transformer.teaching.annotations import Annotations, Patch
from dense_transformer.teaching.compaction import pieces_of
from dense_transformer.teaching.images import open_entry
from dense_transformer.teaching.journal_lines import (
    Piece,
    check_box,
    pack_line,
    pack_piece,
    read_line,
    unpack_piece,
)
from dense_transformer.teaching.places import Place, find_places
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.teaching.sparse_labels import PaintedLabels, SparseLabels
from dense_transformer.teaching.split import SHARE, Held, hold_out
from dense_transformer.types import Array, Box, Image

FILE = "lesson.json"
FORMAT, VERSION = "napari-dtn lesson", 1
_HELD = 128  # added to the labels of held-out pixels in the file
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


def take_lesson(
    project: Project,
    run_folder: Path,
    *,
    hold_out_share: float = SHARE,
    seed: int = 0,
) -> Lesson:
    """Freeze a project's annotations, and what of them is held out, into a run.

    What the last lesson of the project held out is held out again, where it is
    still annotated: the model must not be judged by what it has learned.

    Parameters
    ----------
    project : Project
        Open for writing or to look.
    run_folder : Path
        The run's directory; ``lesson.json`` and ``lesson.labels`` are written.
    hold_out_share : float
        Roughly which share of the annotated pixels to hold out; 0: nothing.
    seed : int
        Decides between places that are as good to hold out.

    Raises
    ------
    DataError
        If nothing is annotated, or only one class is.
    WriteError
        If there is no room for it.
    """
    found = [
        (entry, project.journal(entry.name).annotations()) for entry in project.images
    ]
    found = [(entry, painted) for entry, painted in found if painted.sections]
    places = [
        (index, place)
        for index, (_, painted) in enumerate(found)
        for place in find_places(painted)
    ]
    _check_places(places, project.classes)
    before = _held_before(project, run_folder, [entry for entry, _ in found], places)
    held, notice = hold_out(places, share=hold_out_share, seed=seed, before=before)
    body, header = _pack(found, held)
    header |= {
        "format": FORMAT,
        "version": VERSION,
        "classes": list(project.classes),
        "project": str(project.folder),
        "notice": notice,
        "labels_sha256": hashlib.sha256(body).hexdigest(),
    }
    atomic_write(run_folder / "lesson.labels", body)
    atomic_write(run_folder / FILE, json.dumps(header, indent=1).encode())
    return read_lesson(run_folder)


def read_lesson(run_folder: Path) -> Lesson:
    """Return the lesson of a run.

    Raises
    ------
    ProjectError
        If it isn't there, damaged, hostile or too new.
    """
    path = run_folder / FILE
    header = _read_header(path)
    labels_path = run_folder / "lesson.labels"
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


def _check_places(
    places: Sequence[tuple[int, Place]], classes: tuple[str, ...]
) -> None:
    pixels = np.sum([place.pixels for _, place in places], axis=0) if places else 0
    if not np.any(pixels):
        raise DataError(
            "nothing is annotated yet; paint a few strokes of each class "
            f"({', '.join(classes)})"
        )
    missing = [
        name for name, n in zip(classes, np.atleast_1d(pixels), strict=True) if not n
    ]
    if len(missing) > len(classes) - 2:
        raise DataError(
            f"only one class is annotated; paint some {' and '.join(missing)} too"
        )


def _held_before(
    project: Project,
    run_folder: Path,
    entries: Sequence[ImageEntry],
    places: Sequence[tuple[int, Place]],
) -> list[tuple[int, Place]]:
    """Return the places of which the last lesson held something out."""
    for run in reversed(project.runs):
        if run.resolve() == run_folder.resolve() or not (run / FILE).exists():
            continue
        try:
            lesson = read_lesson(run)
        except ProjectError:
            continue
        names = [entry.name for entry in entries]
        held = {(e.name, e.section): e.held for e in lesson.examples}
        found = []
        for index, place in places:
            mask = held.get((names[index], place.section))
            if mask is not None:
                top, left, bottom, right = place.box
                inside = mask[top:bottom, left:right]
                if inside.shape == place.mask.shape and (inside & place.mask).any():
                    found.append((index, place))
        return found
    return []


def _pack(
    found: Sequence[tuple[ImageEntry, Annotations]], held: Sequence[Held]
) -> tuple[bytes, dict[str, Any]]:
    """Return the labels as lines, and images and examples for the header."""
    lines, examples = [], []
    for index, (_, painted) in enumerate(found):
        mine = [h.place for h in held if h.image == index]
        for section in painted.sections:
            marked = _marked(painted, section, mine)
            lines += [
                pack_line({"image": index, "piece": pack_piece(piece)})
                for piece in pieces_of(marked, section)
            ]
            boxes = [p.box for p in painted.patches if p.section == section]
            examples.append(
                {
                    "image": index,
                    "section": section,
                    "patches": boxes,
                    "held_out": [p.box for p in mine if p.section == section],
                }
            )
    header = {"images": [entry.to_dict() for entry, _ in found], "examples": examples}
    return b"".join(lines), header


def _marked(
    annotations: Annotations, section: int, held: Sequence[Place]
) -> SparseLabels:
    """Return the labels of one section with `_HELD` added where held out."""
    painted = PaintedLabels(annotations.labels.shape)
    for _, box, tile in annotations.labels.tiles(section):
        painted.write(section, box[0], box[1], tile)
    for place in held:
        if place.section == section:
            labels = painted.read(section, place.box)
            labels[place.mask] |= _HELD
            painted.write(section, place.box[0], place.box[1], labels)
    return painted.frozen()


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
        piece = unpack_piece(record["piece"], entries[index].shape, _HELD + classes)
        if int((piece.after & (_HELD - 1)).max(initial=0)) > classes:
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
        marked[at] = piece.after & (_HELD - 1)
        held[at] = piece.after >= _HELD
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
