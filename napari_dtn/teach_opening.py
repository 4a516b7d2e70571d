"""Finds or makes the project of an image, and what is painted on it already.

Runs in the context's thread: it may read a whole image, or copy one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.errors import DTNError, ProjectError
from napari_dtn.sources import Source
from napari_dtn.stored_images import same_pixels
from napari_dtn.teach_elsewhere import (
    AnnotatedElsewhere,
    known_entry,
    painted_elsewhere,
    their_journals,
)
from napari_dtn.teach_finding import RECORD, known_project, projects_storing
from napari_dtn.teach_remembered import remember

if TYPE_CHECKING:
    from dense_transformer.teaching import (
        ImageEntry,
        Journal,
        Patch,
        Project,
        SparseLabels,
    )


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What the journal of an image says, as plain values.

    Attributes
    ----------
    pixels : tuple of int
        Annotated pixels of each class.
    patches : tuple of Patch
        Boxes that are annotated as a whole.
    can_undo, can_redo : bool
        Whether there is a change to take back, or to do again.
    unsaved : int
        Changes that a full disk keeps in memory.
    """

    pixels: tuple[int, ...]
    patches: tuple[Patch, ...]
    can_undo: bool
    can_redo: bool
    unsaved: int


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """An image in its project, with what is painted on it.

    Attributes
    ----------
    project : Project
        Open for writing.
    entry : ImageEntry
        The image in it.
    journal : Journal
        What was painted, change by change.
    labels, kept : ndarray, shape (z, y, x), uint8
        Two arrays of what is painted; pages that hold nothing take no memory.
    state : State
        The rest.
    known : SparseLabels
        What is painted, as the journal keeps it.
    copied : bool
        Whether its pixels were copied into the project now: no file has them so.
    """

    project: Project
    entry: ImageEntry
    journal: Journal
    labels: np.ndarray
    kept: np.ndarray
    state: State
    known: SparseLabels
    copied: bool = False


def journal_state(journal: Journal) -> State:
    """Return what a journal says now."""
    return State(
        tuple(journal.pixels),
        tuple(journal.patches),
        journal.can_undo,
        journal.can_redo,
        journal.unsaved,
    )


def open_image(
    source: Source,
    path: Path | None,
    model: str | Path,
    project: Project | None = None,
    name: str = "",
    *,
    here: bool = False,
) -> Opened:
    """Return an image in a project, which is made or opened if none is given.

    Parameters
    ----------
    source : Source
        The image layer.
    path : Path or None
        The file that napari has read it from, if any.
    model : str or Path
        Model that a new project begins with.
    project : Project or None
        Where the image goes; None: the project that belongs to it.
    name : str
        Of the image in the project, where that is known; empty: found by its file
        or its pixels.
    here : bool
        Add an image that is annotated in another project to this one all the same,
        with what is painted on it there.

    Raises
    ------
    AnnotatedElsewhere
        If `project` doesn't have the image, another one has it annotated, and it isn't
        wanted `here`.
    DTNError
        If the project can't be opened, the model or image not read, or the disk
        is full.
    """
    from dense_transformer.teaching.bringing import bring_annotations

    file = path if path is not None and _holds(path, source, project) else None
    own = project is None
    project = project or _project_of(source, file, model)
    try:
        entry = project.entry(name) if name else known_entry(project, source, file)
        theirs: list[Journal] = []
        new = entry is None
        if entry is None:
            others = [] if own else painted_elsewhere(project, source, file)
            if others and not here:
                raise AnnotatedElsewhere(others)
            theirs = their_journals(others, project, source)
            entry = _add(project, source, file)
        _check_size(entry, source)
        if file is not None and not (entry.stored or project.find(file)):
            entry = project.locate(entry.name, file)  # it has moved
        journal = project.journal(entry.name)
        for other in theirs:
            bring_annotations(other, journal)
    except BaseException:
        if own:
            project.close(give_up=True)
        raise
    remember(project.folder)
    labels = journal.annotations().labels
    return Opened(
        project, entry, journal,
        np.asarray(labels), np.asarray(labels), journal_state(journal), labels,
        new and entry.stored,
    )  # fmt: skip


def _project_of(source: Source, file: Path | None, model: str | Path) -> Project:
    from dense_transformer.teaching import Project, default_project_folder

    if file is None:
        storing = projects_storing(source)
        folder = storing[0].folder if storing else None
    else:
        folder = known_project(file)
    folder = folder or default_project_folder(file)
    if (folder / RECORD).exists():
        return Project.open(folder)
    return Project.create(folder, model)


def _add(project: Project, source: Source, file: Path | None) -> ImageEntry:
    image = source.image
    if file is not None:
        return project.add_image(image.name, file, image.pixel_nm)
    return project.add_image(image.name, image.data, image.pixel_nm, axes=image.axes)


def _check_size(entry: ImageEntry, source: Source) -> None:
    shape = (source.image.sections, *source.image.size)
    if tuple(entry.shape) != shape:
        raise ProjectError(
            f"{entry.name} was annotated at {tuple(entry.shape)} (z, y, x), the layer "
            f"has {shape}; open the image that was annotated, or make a new project"
        )


def _holds(path: Path, source: Source, project: Project | None) -> bool:
    """Return whether a file, read by the core, is the image of the layer.

    Where its pixels differ, as a filter or another reader makes them, only a file
    that some project has already is meant: what is painted there has to be found.
    """
    from dense_transformer.data import read_image

    if source.lead or not path.exists():
        return False
    try:
        image, mine = read_image(path), source.image
        same = (image.sections, *image.size) == (mine.sections, *mine.size)
        if not (same and image.channels == mine.channels):
            return False
        if project is not None and project.find(path) is not None:
            return True
        return known_project(path) is not None or same_pixels(image, mine)
    except (DTNError, OSError):
        return False
