"""Where annotations, runs and models are kept, and how they come and go."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from napari_dtn.teach_context import TeachContext


class ProjectBox(QWidget):
    """Names the project's folder; a menu opens others, exports and imports."""

    def __init__(self, context: TeachContext) -> None:
        super().__init__()
        self._context = context
        self.name = QLabel()
        self.name.setAccessibleName("Project")
        self.button = QPushButton("Project")
        self.button.setAccessibleName("Project menu")
        self.button.setToolTip("Open another project, export or import annotations.")
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(self.button)
        context.project_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show which project is open."""
        folder = self._context.folder
        if folder is None:
            self.name.setText("No project yet: made with the first annotation.")
        else:
            self.name.setText(f"Kept in {folder.name}")
        self.name.setToolTip("" if folder is None else str(folder))
        self.name.setWordWrap(True)
