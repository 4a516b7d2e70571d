"""Opens and makes projects, and shows their images; runs in the context's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dense_transformer.errors import DTNError
from napari_dtn.teach_remembered import remember

if TYPE_CHECKING:
    from dense_transformer.teaching import Project


@dataclass(frozen=True, slots=True, eq=False)
class ShownImage:
    """An image of a project as a layer.

    Attributes
    ----------
    name : str
        Within the project.
    path : str
        Its file.
    data : object
        Pixels, read when they are looked at; None where that can't be.
    options : dict
        Of the layer.
    problem : str
        Why it can't be shown; empty otherwise.
    """

    name: str
    path: str
    data: Any
    options: dict[str, Any]
    problem: str


def open_project(folder: Path) -> tuple[Project, tuple[ShownImage, ...]]:
    """Return a project, open for writing, and its images as layers."""
    from dense_transformer.teaching import Project

    project = Project.open(folder)
    remember(project.folder)
    return project, shown_images(project)


def make_project(folder: Path, model: str) -> Project:
    """Return a new project that begins with a model."""
    from dense_transformer.teaching import Project

    project = Project.create(folder, model)
    remember(project.folder)
    return project


def shown_images(project: Project) -> tuple[ShownImage, ...]:
    """Return the images of a project as layers that read what is looked at."""
    from napari_dtn.reader import lazy_layer

    found = []
    for entry in project.images:
        try:
            path = project.find_image(entry.name)
            image = project.open_image(entry.name)
        except DTNError as error:
            found.append(ShownImage(entry.name, "", None, {}, str(error)))
        else:
            data, options = lazy_layer(image)
            found.append(ShownImage(entry.name, str(path), data, options, ""))
    return tuple(found)
