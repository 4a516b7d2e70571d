"""Inspect: everything about this image as files, the same as `dtn inspect` writes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
)

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_export import (
    SINGLE_FILES,
    Order,
    describe_files,
    export,
    export_one,
)
from napari_dtn.tabs.inspect_section import InspectSection
from napari_dtn.tabs.label_box import LabelBox
from napari_dtn.tabs.run_bar import RunBar

FIGURES = (
    ("PDF", "pdf", "For papers: vectors, with a scale bar."),
    ("SVG", "svg", "To be edited: vectors, with a scale bar."),
    ("PNG", "png", "For slides: pixels, 200 to the inch."),
    ("None", "", "No figures."),
)
FILMS = (
    ("GIF", "gif", "From the identity to the learned warp and back."),
    ("MP4", "mp4", "The same, smaller; needs the package av."),
    ("None", "", "No film."),
)


class ExportSection(InspectSection):
    """Formats, a folder, and what was written."""

    name = "export"
    title = "Export"
    hint = "Tables, fields, figures, a film and a page about this image."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.files: tuple[Path, ...] = ()
        self.runner = context.runner()
        self.figures = _choice("Figures", FIGURES)
        self.film = _choice("Film", FILMS)
        self.labels = LabelBox(context.viewer)
        self.maps = _box(
            "Fields and maps (TIFF, ITK)",
            "Displacement as TIFF and as a transform that ITK and SimpleITK read "
            "(.mha), coverage, density, round trip.",
        )
        self.page = _box("Page (HTML)", "One file with all words, figures and numbers.")
        self.ablation = _box(
            "Ablation", "Predict again without each transformer, and say what changes."
        )
        self.bar = RunBar()
        self.bar.run.setText("Export to a folder…")
        self.bar.run.setAccessibleName("Export to a folder")
        self.bar.run.setToolTip(
            "Fiducials, displacement and numbers as CSV, and what is chosen above. "
            "The warps are as learned; level and tile those that are looked at."
        )
        self.bar.stop.setToolTip("Stop; nothing is written.")
        self.single = QPushButton("One file…")
        self.single.setToolTip("Save one of the files alone; it has the same bytes.")
        menu = QMenu(self.single)
        for text, ending in SINGLE_FILES:
            menu.addAction(text, partial(self._ask_one, ending))
        self.single.setMenu(menu)
        self._lay_out()
        self._connect()

    def refresh(self) -> None:
        """Nothing follows the tile; it is written as it is when Export is pressed."""
        self.labels.refresh()
        self.bar.set_ready(bool(self.context.levels))
        self.single.setEnabled(bool(self.context.levels))

    def export_to(self, folder: Path) -> None:
        """Write everything that is chosen to a folder, in a job."""
        context, request = self.context, self.context.request
        if request is None or not context.levels:
            return
        try:
            order = Order(
                folder, context.level, context.tile, _formats(self.figures),
                _formats(self.film), self.maps.isChecked(), self.page.isChecked(),
                self.ablation.isChecked(), self.labels.labels(request.source),
            )  # fmt: skip
        except ValueError as error:
            context.fail(error)
            return
        context.run(
            self.runner, "export", partial(export, context.core, request, order)
        )

    def export_one(self, ending: str, path: Path) -> None:
        """Write the file whose name ends so to `path`, in a job."""
        context, request = self.context, self.context.request
        if request is None or not context.levels:
            return
        kind = ending.rpartition(".")[2]
        figures = (kind,) if kind in ("pdf", "svg", "png") else ()
        films = (kind,) if kind in ("gif", "mp4") else ()
        order = Order(
            path.parent, context.level, context.tile, figures, films,
            "-field" in ending, False, False, None,
        )  # fmt: skip
        work = partial(export_one, context.core, request, order, ending, path)
        context.run(self.runner, "export", work)

    def _ask_one(self, ending: str) -> None:
        request = self.context.request
        if request is None:
            return
        ending = ending.format(
            n=self.context.level, t=self.context.tile + 1,
            figure=self.figures.currentData() or "pdf",
            film=self.film.currentData() or "gif",
        )  # fmt: skip
        name = request.source.image.name + ending
        path, _ = QFileDialog.getSaveFileName(self, "Save one file", name)
        if path:
            self.export_one(ending, Path(path))

    def clear(self) -> None:
        """Stop writing."""
        self.runner.stop()
        self.bar.say("")

    def shut_down(self) -> None:
        """Stop. May be called twice."""
        self.runner.shut_down()

    @property
    def busy(self) -> bool:
        """Whether files are being made."""
        return self.runner.job is not None

    def _ask(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Export to a folder")
        if path:
            self.export_to(Path(path))

    def _succeeded(self, job: Any, files: tuple[Path, ...]) -> None:
        self.files = files
        self.bar.say(describe_files(files) if files else "Stopped; nothing is written.")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("&Figures", self.figures),
            ("Fil&m", self.film),
            ("L&abels", self.labels),
        )
        for text, widget in rows:
            label = QLabel(text)
            label.setBuddy(widget)
            form.addRow(label, widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 6)
        column.setSpacing(4)
        column.addLayout(form)
        for box in (self.maps, self.page, self.ablation, self.bar, self.single):
            column.addWidget(box)

    def _connect(self) -> None:
        bar, runner = self.bar, self.runner
        bar.run_clicked.connect(self._ask)
        bar.stop_clicked.connect(runner.stop)
        runner.began.connect(lambda job: bar.set_working(True))
        runner.progressed.connect(bar.show_progress)
        runner.succeeded.connect(self._succeeded)
        runner.stopped.connect(lambda job: bar.say("Stopped; nothing is written."))
        runner.failed.connect(lambda job, error: bar.say(f"Failed: {error}"))
        runner.idle.connect(lambda: bar.set_working(False))
        self.context.changed.connect(self.clear)


def _box(text: str, hint: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(hint)
    box.setChecked(True)
    return box


def _choice(name: str, choices: tuple[tuple[str, str, str], ...]) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(f"{name} of this tile and level, and their format.")
    for text, value, hint in choices:
        combo.addItem(text, value)
        combo.setItemData(combo.count() - 1, hint, 3)  # Qt.ToolTipRole
    return combo


def _formats(combo: QComboBox) -> tuple[str, ...]:
    return (combo.currentData(),) if combo.currentData() else ()
