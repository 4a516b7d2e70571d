"""Finds the projects that have an image already, wherever they may lie.

An image is annotated in the project that is open, which is another image's as a rule.
Runs in the context's thread; reads the records of projects and, of images without a
file, pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.errors import DTNError, ImageError
from napari_dtn.sources import Source
from napari_dtn.stored_images import stored_entry
from napari_dtn.teach_remembered import remembered

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry, Project

RECORD = "project.json"
BESIDE = f"*/{RECORD}"
MOST = 200  # records that are read in a folder, the newest first


@dataclass(frozen=True, slots=True)
class Found:
    """An image in a project that has it.

    Attributes
    ----------
    folder : Path
        The project's.
    name : str
        Of the image in it.
    painted : float
        When it was painted on last, s since 1970; 0: never.
    """

    folder: Path
    name: str
    painted: float


def known_project(path: Path | None) -> Path | None:
    """Return the folder of the project that an image's file has already, or None.

    Of several the one in which it was painted on last; where nothing is painted in
    them, and where none has it, the image's own.
    """
    from dense_transformer.teaching import default_project_folder

    if path is None:
        return None
    having = projects_with(path)
    if having and (having[0].painted or len(having) == 1):
        return having[0].folder
    own = default_project_folder(path)
    return own if (own / RECORD).exists() else None


def projects_with(path: Path) -> list[Found]:
    """Return the projects that have an image's file, the last painted on first."""
    from dense_transformer.teaching import Project

    having, mark = [], _mark_of(path)
    for folder in _near(path):
        try:
            project = Project.open(folder, write=False)
            if (entry := file_entry(project, path, mark)) is not None:
                painted = project.painted_at(entry.name)
                having.append(Found(folder, entry.name, painted))
        except (DTNError, OSError):
            continue
    return sorted(having, key=lambda found: -found.painted)


def file_entry(
    project: Project, path: Path, mark: Callable[[], str] | None = None
) -> ImageEntry | None:
    """Return the entry of an image file, also where it lay elsewhere; None if none.

    `mark` returns its fingerprint; it is read only where an image is missing. A file
    that has gone itself, though napari still shows it, is found nowhere.
    """
    if (entry := project.find(path)) is not None or not project.missing:
        return entry
    try:
        return project.find_moved((mark or _mark_of(path))())
    except ImageError:
        return None


def _mark_of(path: Path) -> Callable[[], str]:
    from dense_transformer.teaching.fingerprint import fingerprint

    return cache(partial(fingerprint, path))


def projects_storing(source: Source) -> list[Found]:
    """Return the projects that hold a layer's pixels, the last painted on first."""
    from dense_transformer.teaching import Project

    having = []
    for folder in _of_the_user():
        try:
            project = Project.open(folder, write=False)
            if (entry := stored_entry(project, source)) is not None:
                painted = project.painted_at(entry.name)
                having.append(Found(folder, entry.name, painted))
        except (DTNError, OSError):
            continue
    return sorted(having, key=lambda found: -found.painted)


def _near(path: Path) -> Iterator[Path]:
    """Yield the projects beside an image, its own first, and those of the user."""
    from dense_transformer.teaching import default_project_folder

    own = default_project_folder(path)
    folders = [own] if (own / RECORD).exists() else []
    folders += _newest(path.resolve().parent)
    yield from dict.fromkeys([*folders, *_of_the_user()])


def _of_the_user() -> list[Path]:
    """Return the projects in the user's own data, and those that were opened."""
    from dense_transformer.teaching import default_project_folder

    own = _newest(default_project_folder(None).parent)
    return list(dict.fromkeys([*own, *remembered()]))


def _newest(folder: Path) -> list[Path]:
    dated = []
    for record in folder.glob(BESIDE):
        try:
            dated.append((record.stat().st_mtime, record.parent))
        except OSError:
            continue  # it has just gone, or can't be read
    return [project for _, project in sorted(dated, reverse=True)[:MOST]]
