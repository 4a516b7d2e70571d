"""Tells of the projects in which the chosen image is annotated already."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dtn.annotated_images import Key
from napari_dtn.teach_finding import Found, file_entry, known_project, projects_with

if TYPE_CHECKING:
    from dense_transformer.teaching import Project
    from napari_dtn.teach_context import TeachContext


class ProjectFinder(QObject):
    """Looks for them once for each image and project, in the context's thread.

    Parameters
    ----------
    context : TeachContext
        Whose project is open.
    """

    found = Signal(object, object)  # Path that would be opened; those of others
    elsewhere_changed = Signal()

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._context = context
        self._asked: tuple[object, Path | None] | None = None
        self._chosen: object = None  # id of the layer that is chosen now
        self._elsewhere: dict[Key, list[Found]] = {}

    def elsewhere(self, key: Key | None) -> list[Found]:
        """Return in which projects an image is annotated, other than the open one."""
        return [] if key is None else self._elsewhere.get(key, [])

    def note(self, key: Key, others: list[Found]) -> None:
        """Take note of where an image is annotated, and say it."""
        self._elsewhere[key] = others
        open_now = self._context.folder
        if others and open_now is not None:
            names = " and ".join(found.folder.name for found in others)
            self._context.say(
                f"This image is annotated in {names}, not in {open_now.name}, which is "
                "open. Open its project to go on there, or bring what is painted into "
                "this one."
            )
        self.elsewhere_changed.emit()

    def forget(self) -> None:
        """Forget all: another project is open."""
        self._elsewhere.clear()
        self._asked = None

    def look(self, key: Key | None, path: Path | None) -> None:
        """Look for the projects of the chosen image, if it isn't annotated here."""
        folder = self._context.folder
        self._chosen = None if key is None else key[0]
        if key is None or path is None:
            self._asked = None
            return
        if self._asked == (path, folder):
            return
        self._asked = (path, folder)
        work = partial(_find, path, self._context.project)
        self._context.in_turn(work, partial(self._tell, key, folder))

    def _tell(
        self,
        key: Key,
        folder: Path | None,
        found: tuple[Path | None, list[Found]],
    ) -> None:
        own, others = found
        if key[0] != self._chosen:
            return  # it is looked for again when it is chosen again
        one = self._context.annotator.current
        if one is not None or folder != self._context.folder:
            self._asked = None  # it was annotated meanwhile, or another project opened
            return
        if folder is not None:
            if others:
                self.note(key, others)
        elif own is not None:
            self.found.emit(own, [f.folder for f in others if f.folder != own])


def _find(path: Path, project: Project | None) -> tuple[Path | None, list[Found]]:
    """Return the project that would be opened, and those with something painted."""
    if project is not None and file_entry(project, path) is not None:
        return None, []
    painted = [found for found in projects_with(path) if found.painted]
    if project is not None:
        return None, [f for f in painted if f.folder.resolve() != project.folder]
    return known_project(path), painted
