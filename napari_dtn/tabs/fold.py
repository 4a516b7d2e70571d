"""A part of a tab that opens and closes under its title."""

from __future__ import annotations

from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QWidget
from superqt import QCollapsible

from napari_dtn.tabs.wheel import WheelGuard


class Fold(QCollapsible):
    """A QCollapsible whose arrow is text, so that it follows theme and font."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__(title, expandedIcon=QIcon(), collapsedIcon=QIcon())
        self._title = title
        self.setDuration(120)
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().setSpacing(2)
        self.setContent(content)
        button = self.toggleButton()
        button.setAccessibleName(title)
        # superqt takes the focus frame away; the keyboard needs to see it.
        button.setStyleSheet(
            "QPushButton { text-align: left; border: none; background: transparent;"
            " padding: 3px 0; }"
            "QPushButton:focus { text-decoration: underline; }"
        )
        self.collapse(animate=False)
        self.toggled.connect(self._retitle)
        self._retitle(False)
        self._guard = WheelGuard(self)
        self._guard.guard(content)
        self.toggled.connect(lambda: self._guard.guard_soon(self))

    def _retitle(self, opened: bool) -> None:
        self.setText(f"{'▾' if opened else '▸'} {self._title}")
