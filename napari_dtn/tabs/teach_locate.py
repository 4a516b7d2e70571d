"""Asks where images of a project are now, or whether a changed file is meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from dense_transformer.data.entries import IMAGE_SUFFIXES
from dense_transformer.errors import DTNError
from napari_dtn.teach_context import TeachContext

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry, Project

# Title of the dialogue for a file, and for a folder.
WHERE = "Where is {} now? Choose the changed {} if it is meant"
ALL_THERE = "All images of the project are where they were, and as they were."


def ask_where(context: TeachContext) -> None:
    """Ask for the place of each image that has moved or changed, and take note."""
    if context.project is not None:
        context.say("Looking for the images of the project…")
        context.aside(partial(lost_images, context.project), partial(_ask, context))


@dataclass(frozen=True, slots=True)
class LostImage:
    """An image of a project that moved, or changed.

    Attributes
    ----------
    name : str
        Within the project.
    trouble : str
        What is the matter with it.
    folder : bool
        Whether it is a folder of slices.
    """

    name: str
    trouble: str
    folder: bool


def lost_images(project: Project) -> list[LostImage]:
    """Return the images that moved, or changed."""
    lost = []
    for entry in project.images:
        try:
            project.open_image(entry.name)
        except DTNError as error:
            folder = was_folder(project, entry)
            lost.append(LostImage(entry.name, str(error), folder))
    return lost


def was_folder(project: Project, entry: ImageEntry) -> bool:
    """Return whether an image is a folder of slices, or was one before it moved."""
    try:
        return project.find_image(entry.name).is_dir()
    except DTNError:
        sampled = entry.fingerprint.startswith("samples:")  # or a large file
        return sampled and Path(entry.absolute).suffix.lower() not in IMAGE_SUFFIXES


def _ask(context: TeachContext, lost: list[LostImage]) -> None:
    context.say(" ".join(image.trouble for image in lost) or ALL_THERE)
    project = context.project
    for image in lost if project is not None else ():
        path = _choose(context, image)
        if path and project is not None:
            work = partial(project.locate, image.name, Path(path))
            context.aside(work, partial(_located, context))


def _choose(context: TeachContext, image: LostImage) -> str:
    """Return what the person says it is now; empty: nothing."""
    if image.folder:
        title = WHERE.format(image.name, "folder")
        return str(QFileDialog.getExistingDirectory(context.widget, title))
    title = WHERE.format(image.name, "file")
    path, _ = QFileDialog.getOpenFileName(context.widget, title)
    return str(path)


def _located(context: TeachContext, entry: ImageEntry) -> None:
    context.say(f"{entry.name} is now {entry.absolute}.")
