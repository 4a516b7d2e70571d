"""Lets go of projects, and of nothing that is painted, though the disk is full.

Runs in the context's thread.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from dense_transformer.errors import WriteError

if TYPE_CHECKING:
    from dense_transformer.teaching import Project


class ProjectClosing:
    """Closes projects; one whose strokes are nowhere but in memory is kept open.

    Attributes
    ----------
    left : list of Project
        Those that are kept open, to be closed once there is room.
    """

    def __init__(self) -> None:
        self.left: list[Project] = []

    def close(self, *projects: Project) -> None:
        """Close projects, and those that are left.

        What a full disk keeps in memory is put aside in the user's own data, so that
        the project can be let go of. Where there is no room either, it is left.

        Raises
        ------
        WriteError
            That says where the strokes are.
        """
        waiting, self.left = [*self.left, *projects], []
        failed = None
        for project in waiting:
            try:
                project.close()
            except WriteError as error:
                failed = error
                self._part_with(project)
        if failed is not None:
            raise failed

    def give_up(self, *projects: Project) -> list[WriteError]:
        """Close projects, and those that are left, for good; return what failed."""
        failed = []
        for project in [*self.left, *projects]:
            try:
                project.close(give_up=True)
            except WriteError as error:
                failed.append(error)
        self.left = []
        return failed

    def _part_with(self, project: Project) -> None:
        if not project.safe:
            self.left.append(project)
            return
        with contextlib.suppress(WriteError):  # it is told of already
            project.close(give_up=True)
