"""Asks where images of a project are now, or whether a changed file is meant."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from dense_transformer.errors import DTNError
from napari_dtn.teach_context import TeachContext

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry, Project

ALL_THERE = "All images of the project are where they were, and as they were."


def ask_where(context: TeachContext) -> None:
    """Ask for the place of each image that has moved or changed, and take note."""
    if context.project is not None:
        context.say("Looking for the images of the project…")
        context.aside(partial(lost_images, context.project), partial(_ask, context))


def lost_images(project: Project) -> list[tuple[str, str]]:
    """Return name and trouble of the images that moved, or changed."""
    lost = []
    for entry in project.images:
        try:
            project.open_image(entry.name)
        except DTNError as error:
            lost.append((entry.name, str(error)))
    return lost


def _ask(context: TeachContext, lost: list[tuple[str, str]]) -> None:
    context.say(" ".join(trouble for _, trouble in lost) or ALL_THERE)
    project = context.project
    for name, _ in lost if project is not None else ():
        path, _ = QFileDialog.getOpenFileName(
            context.widget,
            f"Where is {name} now? Choose the changed file if it is meant",
        )
        if path and project is not None:
            work = partial(project.locate, name, Path(path))
            context.aside(work, partial(_located, context))


def _located(context: TeachContext, entry: ImageEntry) -> None:
    context.say(f"{entry.name} is now {entry.absolute}.")
