"""The wheel scrolls a panel, also over what could take it."""

from __future__ import annotations

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QScrollBar,
    QWidget,
)

KINDS = (QComboBox, QAbstractSpinBox, QAbstractSlider)


class WheelGuard(QObject):
    """Leaves the wheel to the panel unless a control was clicked or tabbed to.

    Else who scrolls past a list of models or a number changes it, unseen.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._new: QWidget | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._guard_new)

    def guard(self, widget: QWidget) -> None:
        """Look after all controls in a widget; may be called again for new ones."""
        for kind in KINDS:
            for control in widget.findChildren(kind):
                if not isinstance(control, QScrollBar):
                    if control.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                        control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                    control.installEventFilter(self)

    def guard_soon(self, widget: QWidget) -> None:
        """Do so once what is being made in it is there."""
        self._new = widget
        self._timer.start(0)

    def _guard_new(self) -> None:
        if self._new is not None and isalive(self._new):
            self.guard(self._new)
        self._new = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the wheel from a control without the focus."""
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()  # the panel gets it
            return True
        return False
