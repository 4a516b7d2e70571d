"""A label whose words change often and whose place does not."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_dtn.tabs.inspect_follower import plain_label


class StillLabel(QWidget):
    """A label for sentences that asks for another height only where it needs one.

    Each new text of a QLabel lays out all that surrounds it anew, which paints the
    window up to three times more: 20 ms each without a GPU.

    Parameters
    ----------
    name : str
        For screen readers.
    lines : int
        For which room is kept though there are fewer.
    """

    def __init__(self, name: str, lines: int = 0) -> None:
        super().__init__()
        self._label = plain_label(name)
        self._label.setParent(self)  # in no layout: what it asks for stays here
        self._least = plain_label("")  # never shown, as high as the lines
        self._least.setText("\n".join("x" * lines))
        self._least.setParent(self)
        self._least.hide()
        self._room = 0
        policy = self._label.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """Return what it says."""
        return self._label.text()

    def setText(self, text: str, *, keep_room: bool = False) -> None:
        """Say something; with `keep_room` the place stays as high as it is at least."""
        self._label.setText(text)
        self._room = self.height() if keep_room and self.isVisible() else 0
        if self.heightForWidth(self.width()) != self.height():
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """Return the height of the words, px."""
        return max(
            self._room,
            self._least.heightForWidth(width) if self._least.text() else 0,
            self._label.heightForWidth(width),
        )

    def hasHeightForWidth(self) -> bool:
        """Return whether the height depends on the width: words wrap."""
        return True

    def sizeHint(self) -> QSize:
        """Return the size that the words would like."""
        return self._label.sizeHint().expandedTo(QSize(0, self._room))

    def minimumSizeHint(self) -> QSize:
        """Return the least size in which the words can be read."""
        return self._label.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the words all the place; another width needs another height."""
        if event.size().width() != event.oldSize().width():
            self._room = 0
            self.updateGeometry()  # the layout remembers heights of other words
        self._label.resize(event.size())
        super().resizeEvent(event)
