"""Inspect: the numbers of each level, of a tile, an image, a stack or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
)

from dense_transformer.types import Progress
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_numbers import (
    Measured,
    describe,
    measure_folder,
    measure_sections,
    measure_warps,
    rows_of,
    write_csv,
)
from napari_dtn.tabs.figure_table import FigureTable
from napari_dtn.tabs.inspect_follower import Follower, Work

TILE, IMAGE, STACK, FOLDER = "tile", "image", "stack", "folder"
SCOPES = (
    (TILE, "This tile", "Only the tile that is looked at; follows what you change."),
    (IMAGE, "Whole image", "All tiles of this section."),
    (STACK, "All slices", "Every section of the stack, one after the other."),
    (FOLDER, "A folder of images…", "Every image file of a folder: whether the warp "
     "depends on the image, or is the same for all."),
)  # fmt: skip


class NumbersSection(Follower):
    """A table of what the transformers do, and what it comes to in words."""

    name = "numbers"
    title = "Numbers"
    hint = "Displacement, folds, coverage, saturation; over a tile, an image or many."
    nothing = "This model is a plain U-Net: it has no transformers to measure."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self._found: Measured | None = None
        self._folder: Path | None = None
        self._long = context.runner()
        self._long.progressed.connect(self._progressed)
        self._long.succeeded.connect(self._finished)
        self._long.idle.connect(lambda: self.stop.setEnabled(False))
        self.scope = QComboBox()
        self.scope.setAccessibleName("Numbers of")
        self.scope.setToolTip("What is measured: a tile, the image, or several.")
        for scope, text, hint in SCOPES:
            self.scope.addItem(text, scope)
            self.scope.setItemData(self.scope.count() - 1, hint, 3)  # Qt.ToolTipRole
        self.stop = QPushButton("■")
        self.stop.setToolTip("Stop measuring.")
        self.stop.setAccessibleName("Stop measuring")
        self.stop.setEnabled(False)
        self.stop.setFixedWidth(30)
        row = QHBoxLayout()
        row.addWidget(self.scope)
        row.addWidget(self.stop)
        form = QFormLayout()
        label = QLabel("Numbers &of")
        label.setBuddy(self.scope)
        form.addRow(label, row)
        self.table = FigureTable("Numbers", self._save, "numbers")
        self.column.addLayout(form)
        self.column.addWidget(self.words)
        self.column.addWidget(self.table)
        self.scope.activated.connect(self._scope_chosen)
        self.stop.clicked.connect(self._stop)
        context.predicted.connect(self._refresh)

    def order(self) -> tuple[Any, Work] | None:
        """Depends on the warps of the tile or of the whole image."""
        context, scope = self.context, self.scope.currentData()
        request, look = context.request, context.look
        if request is None or look is None or not look.warps:
            return None
        core, source = context.core, request.source
        if scope == TILE:
            warps: Any = look.warps
        elif scope == IMAGE:
            if context.prediction is None:
                self._wait_for_prediction()
                return ("waiting",), lambda: None
            warps = context.prediction.warps
        else:
            return (scope, request, self._folder), lambda: None
        name = source.image.name

        def work() -> Measured:
            return measure_warps(name, warps, core.model(request.model), source)

        return (scope, warps, source), work

    def show_result(self, result: Measured | None) -> None:
        """Show table and words."""
        if result is None:
            return
        self._found = result
        self.words.setText(describe(result))
        self.table.show_rows(*rows_of(result, self.context.level))

    def clear(self) -> None:
        """Show no numbers."""
        super().clear()
        self._long.stop()
        self._found = None
        self.table.show_rows([], [])
        if self.context.request is None or self.context.look is None:
            with QSignalBlocker(self.scope):
                self.scope.setCurrentIndex(0)

    @property
    def busy(self) -> bool:
        """Whether something is measured."""
        waiting = self.scope.currentData() == IMAGE and self.context.prediction is None
        return super().busy or self._long.job is not None or waiting

    def _wait_for_prediction(self) -> None:
        self.words.setText("Predicting the whole image…")
        self.table.show_rows([], [])
        self.context.predict_all()

    def _scope_chosen(self) -> None:
        context, scope = self.context, self.scope.currentData()
        request, core = context.request, context.core
        self._long.stop()
        if request is None:
            return
        if scope == FOLDER:
            self._folder = self._ask_folder()
            if self._folder is None:
                self.scope.setCurrentIndex(0)
        scope = self.scope.currentData()
        folder = self._folder
        if scope == STACK:
            self._begin(lambda stop: measure_sections(core, request, stop))
        elif scope == FOLDER and folder is not None:
            self._begin(lambda stop: measure_folder(core, request, folder, stop))
        self._refresh()

    def _begin(self, work: Any) -> None:
        self.words.setText("Measuring…")
        self.table.show_rows([], [])
        self.stop.setEnabled(True)
        self.context.run(self._long, "numbers", work)

    def _stop(self) -> None:
        self._long.stop()
        self.words.setText("Stopped.")

    def _progressed(self, progress: Progress) -> None:
        self.words.setText(f"Measuring: {progress.message}")

    def _finished(self, job: Any, found: Measured) -> None:
        if self.active:
            self.show_result(found)

    def _ask_folder(self) -> Path | None:
        path = QFileDialog.getExistingDirectory(self, "A folder of images")
        return Path(path) if path else None

    def _save(self, path: Path) -> None:
        if self._found is not None:
            write_csv(path, self._found)
            self.context.say(f"Saved {path.name}.")
