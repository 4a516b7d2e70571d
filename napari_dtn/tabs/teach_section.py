"""One part of the Teach tab: folded away it computes nothing."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_dtn.teach_context import TeachContext


class TeachSection(QWidget):
    """Base of the sections; `tabs.teach_sections` lists them.

    A subclass lays itself out in its constructor and overrides `refresh`, which
    runs when the section is opened and whenever the context has changed while it
    is open.

    Parameters
    ----------
    context : TeachContext
        What is taught.
    """

    title: ClassVar[str] = ""
    hint: ClassVar[str] = ""  # what it is for, in plain words
    wanted = Signal()  # something goes on that the person should see: open it

    def __init__(self, context: TeachContext) -> None:
        super().__init__()
        self.context = context
        self.active = False
        context.changed.connect(self._changed)

    def set_active(self, active: bool) -> None:
        """Take up work, or rest."""
        if active == self.active:
            return
        self.active = active
        if active:
            self.refresh()
        else:
            self.rest()

    def refresh(self) -> None:
        """Show what is looked at now."""

    def rest(self) -> None:
        """Stop what only matters while the section is open."""

    def leave(self) -> None:
        """Put back what another tab of the dock would be seen through."""

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""

    def _changed(self) -> None:
        if self.active:
            self.refresh()
