"""What is painted on an image in one project, brought into another."""

from __future__ import annotations

import numpy as np

from dense_transformer.errors import ProjectError
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.journal_lines import Change


def bring_annotations(theirs: Journal, ours: Journal) -> Change | None:
    """Add what is painted in another journal, as one change; return it, if any.

    Parameters
    ----------
    theirs : Journal
        Of the same image in another project; stays as it is. What is painted in it
        replaces what is painted here.
    ours : Journal
        Open for writing.

    Raises
    ------
    ProjectError
        If the images are not of one size, or the classes have other names.
    WriteError
        If the disk is full; the change waits in memory.
    """
    check_alike(theirs, ours.shape, ours.classes)
    paint = []
    for section, box, labels in theirs.annotations().labels.tiles():
        mine = ours.read(section, box)
        paint.append((section, box[0], box[1], np.where(labels > 0, labels, mine)))
    return ours.change(paint=paint, add=theirs.patches)


def check_alike(
    theirs: Journal, shape: tuple[int, int, int], classes: tuple[str, ...]
) -> None:
    """Raise ProjectError unless a journal is of a size (z, y, x) and has classes."""
    if theirs.shape != shape:
        raise ProjectError(
            f"{theirs.path} is of an image of {theirs.shape} (z, y, x), this one has "
            f"{shape}; they can't be put together"
        )
    if theirs.classes != classes:
        raise ProjectError(
            f"{theirs.path} has the classes {', '.join(theirs.classes)}, this project "
            f"{', '.join(classes)}; open the other project to go on with it"
        )
