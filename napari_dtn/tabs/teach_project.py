"""Where annotations, runs and models are kept, and how they come and go."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dense_transformer.types import Progress
from napari_dtn.image_opener import CHOOSE
from napari_dtn.project_exchange import ProjectExchange
from napari_dtn.tabs.teach_locate import ask_where
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_projects import (
    ShownImage,
    make_project,
    open_project,
    shown_images,
)

if TYPE_CHECKING:
    from dense_transformer.teaching import Project

NONE_YET = "No project yet: one is made with the first annotation, beside the image."


class ProjectBox(QWidget):
    """Names the project's folder; a menu opens others, exports and imports."""

    def __init__(self, context: TeachContext) -> None:
        super().__init__()
        self._context = context
        self.exchange = ProjectExchange(context)
        self.name = QLabel()
        self.name.setAccessibleName("Project")
        self.name.setWordWrap(True)
        self.button = QPushButton("Project")
        self.button.setAccessibleName("Project menu")
        self.button.setToolTip("Open another project, export or import annotations.")
        self.menu = QMenu(self.button)
        self.menu.setToolTipsVisible(True)
        self.button.setMenu(self.menu)
        self._add("Open project…", "Its images come with it.", self._ask_open)
        self._add("New project…", "In a folder of your choice.", self._ask_new)
        self.locate = self._add(
            "Where is it now…",
            "Where an image lies that has moved, or that its changed file is meant.",
            lambda: ask_where(context),
        )
        self.menu.addSeparator()
        self.export = self._add(
            "Export as data set…",
            "Images and labels, as `dtn train` and other programs read them.",
            self._ask_export,
        )
        self.imports = self._add(
            "Import data set…",
            "A folder with images/ and labels/: 0 is not annotated.",
            self._ask_import,
        )
        self.menu.addSeparator()
        self.folder = self._add(
            "Show folder", "In the file manager.", self._show_folder
        )
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Images or sections done")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.stop = QPushButton("Stop")
        self.stop.setAccessibleName("Stop export or import")
        self.stop.setToolTip("Export or import no more; what is there already stays.")
        self._lay_out()
        context.project_changed.connect(self.refresh)
        context.annotator.finder.found.connect(self._found)
        self.stop.clicked.connect(self.exchange.stop)
        self.exchange.began.connect(self._working)
        self.exchange.ended.connect(self._working)
        self.exchange.progressed.connect(self._progressed)
        self.exchange.imported.connect(self._imported)
        self._working()

    def refresh(self) -> None:
        """Show which project is open."""
        folder = self._context.folder
        self.name.setText(NONE_YET if folder is None else f"Project: {folder.name}")
        self.name.setToolTip(NONE_YET if folder is None else str(folder))
        for action in (self.folder, self.locate):
            action.setEnabled(folder is not None)
        for action in (self.export, self.imports):
            action.setEnabled(folder is not None and not self.exchange.working)

    def open(self, folder: Path) -> None:
        """Open a project; images that no layer shows yet become layers."""
        if folder == self._context.folder:
            return
        self._context.say(f"Opening {folder.name}…")
        self._context.set_project(None)  # lets go of its lock first
        self._context.aside(partial(open_project, folder), self._opened)

    def create(self, folder: Path) -> None:
        """Make a project that begins with the chosen model."""
        model = self._context.model()
        if model is None:
            self._context.say(CHOOSE)
            return
        self._context.set_project(None)
        self._context.aside(partial(make_project, folder, model.key), self._made)

    @property
    def busy(self) -> bool:
        """Whether annotations are being exported or imported."""
        return self.exchange.working

    # what happens

    def _found(self, folder: Path, others: list[Path]) -> None:
        """Say which project would be opened with the chosen image."""
        self.name.setText(f"Project: {folder.name}, not open yet")
        self.name.setToolTip(str(folder))

    def _working(self) -> None:
        """Show how far an export or import is, and a way to end it."""
        working = self.exchange.working
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        for widget in (self.bar, self.stop):
            widget.setVisible(working)
        self.refresh()

    def _progressed(self, progress: Progress) -> None:
        self.bar.setRange(0, max(1, progress.total))
        self.bar.setValue(progress.done)
        if progress.message:
            self._context.say(f"{progress.message[:1].upper()}{progress.message[1:]}…")

    def _imported(self, entries: tuple[Any, ...]) -> None:
        """Show the images that came, and what is labelled on those already open."""
        self._context.annotator.read_again()
        project = self._context.project
        if project is not None:
            self._context.aside(partial(shown_images, project), self._add_layers)

    def _opened(self, found: tuple[Project, tuple[ShownImage, ...]]) -> None:
        project, images = found
        self._context.set_project(project)
        self._context.say("")
        self._add_layers(images)

    def _made(self, project: Project) -> None:
        self._context.set_project(project)
        self._context.say(f"Made {project.folder}.")

    def _add_layers(self, images: tuple[ShownImage, ...]) -> None:
        """Show the images of a project that no layer shows yet."""
        viewer = self._context.viewer
        annotator, chosen = self._context.annotator, self._context.layer()
        for image in images:
            if not image.problem and not annotator.shows(image.name, image.path):
                layer = viewer.add_image(image.data, **image.options)
                annotator.know(layer, image.name)
        if chosen is not None:
            self._context.predict.images.choose(chosen)
        missing = [image for image in images if image.problem]
        if missing:
            self._context.say(" ".join(image.problem for image in missing))

    def _ask_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open project")
        if folder:
            self.open(Path(folder))

    def _ask_new(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of the new project")
        if folder:
            self.create(Path(folder))

    def _ask_export(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Export images/ and labels/ to")
        if folder:
            self.exchange.export_to(Path(folder))

    def _ask_import(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Import images/ and labels/")
        if folder:
            self.exchange.import_from(Path(folder))

    def _show_folder(self) -> None:
        if self._context.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._context.folder)))

    def _lay_out(self) -> None:
        column, row, work = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(self.button)
        work.addWidget(self.bar, 1)
        work.addWidget(self.stop)
        column.addLayout(row)
        column.addLayout(work)

    def _add(self, text: str, tip: str, slot: Callable[[], None]) -> Any:
        action = self.menu.addAction(text)
        action.setToolTip(tip)
        action.triggered.connect(lambda _=False: slot())
        return action
