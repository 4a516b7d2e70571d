"""A full disk: said once, tried again, and said to be over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from napari_dtn.teach_context import TeachContext


class DiskOutage(QObject):
    """Knows what a full disk keeps in memory, and tries to write it.

    Parameters
    ----------
    context : TeachContext
        Whose project it is.
    """

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._context = context
        self._told = False

    @property
    def unsaved(self) -> int:
        """Changes that wait in memory, also of images that were closed."""
        project = self._context.project
        return 0 if project is None else project.unsaved

    def tell(self, error: Exception | None) -> None:
        """Say that something can't be written: as napari shows it, but only once.

        None: it was written; the next failure is another outage.
        """
        if error is None:
            self._told = self._told and self.unsaved > 0
        elif self._told:
            self._context.say(f"Failed: {error}")
        else:
            self._told = True
            self._context.fail(error)

    def save(self) -> None:
        """Try again to write what waits in memory."""
        project = self._context.project
        if project is not None and self.unsaved:
            self._context.annotator.save()
            self._context.in_turn(project.sync, lambda _: self._synced(), self._synced)

    def _synced(self, error: Exception | None = None) -> None:
        self.tell(error)
        self._context.annotated.emit()
