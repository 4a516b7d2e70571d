"""One part of the Inspect tab: folded away it draws and computes nothing."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_dtn.inspect_context import InspectContext


class InspectSection(QWidget):
    """Base of the sections; `tabs.inspect_sections` lists them.

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
        context.bent.connect(self._bent)
        context.changed.connect(self._changed)

    def set_active(self, active: bool) -> None:
        """Take up work, or rest and take the layers away."""
        if active == self.active:
            return
        self.active = active
        if active:
            self._refresh()
        else:
            self.rest()

    def rest(self) -> None:
        """Take the layers away; the section is folded."""
        self.clear()

    def refresh(self) -> None:
        """Draw what is looked at now; `context.look` is there."""

    def bend(self) -> None:
        """Draw `context.chain`, which follows the hand; `refresh` comes later."""

    def clear(self) -> None:
        """Take away all that was drawn and found; nothing is looked at any more."""

    def leave(self) -> None:
        """Put back what another tab of the dock would be seen through."""

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""

    def _refresh(self) -> None:
        if self.active and self.context.look is not None:
            self.refresh()

    def _bent(self) -> None:
        if self.active and self.context.chain is not None:
            self.bend()

    def _changed(self) -> None:
        if self.active and self.context.look is None:
            self.clear()


class Part(QWidget):
    """A section under its title, at rest until it is opened.

    Not a QCollapsible: that fixes the height of what it opens, and sections grow.
    """

    toggled = Signal(bool)

    def __init__(self, section: InspectSection) -> None:
        super().__init__()
        self.section = section
        self.button = QPushButton()
        self.button.setAccessibleName(section.title)
        self.button.setToolTip(section.hint)
        self.button.setCheckable(True)
        self.button.setStyleSheet(
            "QPushButton { text-align: left; border: none; background: transparent;"
            " padding: 3px 0; }"
            "QPushButton:focus { text-decoration: underline; }"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button)
        layout.addWidget(section)
        self.button.toggled.connect(self._toggled)
        self._toggled(False)

    def isExpanded(self) -> bool:
        """Return whether the section is open."""
        return bool(self.button.isChecked())

    def expand(self) -> None:
        """Open the section."""
        self.button.setChecked(True)

    def collapse(self) -> None:
        """Close the section; its layers go."""
        self.button.setChecked(False)

    def _toggled(self, opened: bool) -> None:
        self.button.setText(f"{'▾' if opened else '▸'} {self.section.title}")
        self.section.setVisible(opened)
        self.section.set_active(opened)
        self.toggled.emit(opened)
