"""The Inspect tab: what a model did to an image, and what if it did otherwise."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspecting import InspectCore, InstalledInspectCore
from napari_dtn.tabs.inspect_section import folded
from napari_dtn.tabs.inspect_sections import SECTIONS


class InspectTab(QWidget):
    """The sections under one another, and a line that says what is looked at.

    Parameters
    ----------
    viewer : napari.Viewer
        Where everything is drawn.
    core : InspectCore or None
        What runs the network; the installed one if None.
    """

    def __init__(self, viewer: Any, core: InspectCore | None = None) -> None:
        super().__init__()
        self.context = InspectContext(viewer, core or InstalledInspectCore(), self)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setAccessibleName("Status")
        self.sections = [section(self.context) for section in SECTIONS]
        layout = QVBoxLayout(self)
        for section in self.sections:
            layout.addWidget(folded(section))
        layout.addWidget(self.status)
        layout.addStretch()
        self.context.said.connect(self.status.setText)

    def shut_down(self) -> None:
        """Stop all work and let go of the viewer. May be called twice."""
        for section in self.sections:
            section.shut_down()
        self.context.shut_down()
