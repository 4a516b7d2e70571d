"""A second view of a list that another tab already has."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox


class MirrorCombo(QComboBox):
    """Shows the entries of another combo box and the same choice; works both ways."""

    def __init__(self, other: QComboBox) -> None:
        super().__init__()
        self._other = other
        self.setModel(other.model())
        self.setAccessibleName(other.accessibleName())
        self.setToolTip(other.toolTip())
        self.setMinimumContentsLength(12)
        self.setSizeAdjustPolicy(other.sizeAdjustPolicy())
        self.follow()
        self.activated.connect(other.setCurrentIndex)
        other.currentIndexChanged.connect(self.follow)

    def follow(self, *_: object) -> None:
        """Show the other's choice."""
        self.setCurrentIndex(self._other.currentIndex())
        self.setEnabled(self._other.isEnabled())
