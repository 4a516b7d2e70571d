"""One part of the Inspect tab: folded away it draws and computes nothing."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtWidgets import QWidget

from napari_dtn.inspect_context import InspectContext
from napari_dtn.tabs.fold import Fold


class InspectSection(QWidget):
    """Base of the sections; `tabs.inspect_sections.SECTIONS` lists them.

    A subclass lays itself out in its constructor and overrides `refresh` and
    `clear`. `refresh` runs whenever the tile, the level, an edit or the image has
    changed while the section is open, and when it is opened.

    Parameters
    ----------
    context : InspectContext
        What is looked at.
    """

    title: ClassVar[str] = ""
    hint: ClassVar[str] = ""  # what it answers, in plain words

    def __init__(self, context: InspectContext) -> None:
        super().__init__()
        self.context = context
        self.active = False
        context.looked.connect(self._refresh)
        context.level_changed.connect(self._refresh)
        context.changed.connect(self._changed)

    def set_active(self, active: bool) -> None:
        """Take up work, or rest and take the layers away."""
        if active == self.active:
            return
        self.active = active
        if active:
            self._refresh()
        else:
            self.clear()

    def refresh(self) -> None:
        """Draw what is looked at now; `context.look` is there."""

    def clear(self) -> None:
        """Take away what was drawn; nothing is looked at, or the section rests."""

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""

    def _refresh(self) -> None:
        if self.active and self.context.look is not None:
            self.refresh()

    def _changed(self) -> None:
        if self.active and self.context.look is None:
            self.clear()


def folded(section: InspectSection) -> Fold:
    """Return a section under its title, at rest until it is opened."""
    fold = Fold(section.title, section)
    fold.toggleButton().setToolTip(section.hint)
    fold.toggled.connect(section.set_active)
    return fold
