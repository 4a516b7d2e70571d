"""A command line, shown short and copied whole with one click."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QHBoxLayout, QPushButton, QSizePolicy, QWidget
from superqt import QElidingLabel

COPY = "Copy command"
THANKS_MS = 1500


class CommandLine(QWidget):
    """The exact command of a run, for a terminal, a cluster or a methods section."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.label = QElidingLabel()
        self.label.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.label.setAccessibleName(title)
        self.label.setStyleSheet("font-family: monospace")
        self.copy = QPushButton(COPY)
        self.copy.setToolTip("Copy the command that does the same in a terminal.")
        self.copy.setAccessibleName(f"{title}: copy")
        self.copy.clicked.connect(self._copy)
        self._thanks = QTimer(self)
        self._thanks.setSingleShot(True)
        self._thanks.setInterval(THANKS_MS)
        self._thanks.timeout.connect(partial(self.copy.setText, COPY))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row.addWidget(self.label, 1)
        row.addWidget(self.copy)
        self._text = ""

    @property
    def text(self) -> str:
        """The whole command, quoted for the shell of this system."""
        return self._text

    def show_command(self, command: Sequence[str]) -> None:
        """Show a command."""
        quote = subprocess.list2cmdline if os.name == "nt" else shlex.join
        self._text = quote(list(command))
        self.label.setText(self._text)
        self.label.setToolTip(self._text)
        self.copy.setEnabled(True)

    def clear(self) -> None:
        """Show none: there is none that would work."""
        self._text = ""
        self.label.setText("")
        self.label.setToolTip("")
        self.copy.setEnabled(False)

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._text)
        self.copy.setText("Copied")
        self._thanks.start()
