"""Images that are annotated in another project than the one that is open.

Runs in the context's thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_dtn.sources import Source
from napari_dtn.stored_images import stored_entry
from napari_dtn.teach_finding import Found, file_entry, projects_storing, projects_with

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry, Journal, Project


class AnnotatedElsewhere(Exception):
    """An image is annotated in other projects than the one that it was opened in."""

    def __init__(self, others: list[Found]) -> None:
        super().__init__(", ".join(found.folder.name for found in others))
        self.others = others


def known_entry(
    project: Project, source: Source, file: Path | None
) -> ImageEntry | None:
    """Return the entry of an image that a project has, or None."""
    if file is not None:
        return file_entry(project, file)
    return stored_entry(project, source)


def painted_elsewhere(
    project: Project, source: Source, file: Path | None
) -> list[Found]:
    """Return the other projects in which an image is painted on, the last one first."""
    found = projects_storing(source) if file is None else projects_with(file)
    here = project.folder
    return [one for one in found if one.painted and one.folder.resolve() != here]


def their_journals(
    others: list[Found], project: Project, source: Source
) -> list[Journal]:
    """Return the journals of other projects, of this size and classes, in order."""
    from dense_transformer.teaching import Project
    from dense_transformer.teaching.bringing import check_alike

    shape = (source.image.sections, *source.image.size)
    journals = [
        Project.open(found.folder, write=False).journal(found.name)
        for found in reversed(others)
    ]
    for journal in journals:
        check_alike(journal, shape, project.classes)
    return journals
