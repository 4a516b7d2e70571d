"""A lesson: the annotations as they were when a run began, frozen with the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.errors import DataError, ProjectError
from dense_transformer.files import atomic_write
from dense_transformer.teaching.annotations import Annotations
from dense_transformer.teaching.compaction import pieces_of
from dense_transformer.teaching.journal_lines import (
    pack_line,
    pack_piece,
)
from dense_transformer.teaching.lesson import (
    FILE,
    FORMAT,
    HELD,
    LABELS,
    VERSION,
    Example,
    Lesson,
    read_lesson,
    repeats,
)
from dense_transformer.teaching.places import Place, find_places
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.teaching.sparse_labels import PaintedLabels, SparseLabels
from dense_transformer.teaching.split import SHARE, Held, hold_out

__all__ = ["Example", "Lesson", "read_lesson", "take_lesson"]


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
    atomic_write(run_folder / LABELS, body)
    atomic_write(run_folder / FILE, json.dumps(header, indent=1).encode())
    return read_lesson(run_folder)


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
            if repeats(run):
                continue  # it may be older than what others have learned since
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
    """Return the labels of one section with `HELD` added where held out."""
    painted = PaintedLabels(annotations.labels.shape)
    for _, box, tile in annotations.labels.tiles(section):
        painted.write(section, box[0], box[1], tile)
    for place in held:
        if place.section == section:
            labels = painted.read(section, place.box)
            labels[place.mask] |= HELD
            painted.write(section, place.box[0], place.box[1], labels)
    return painted.frozen()
