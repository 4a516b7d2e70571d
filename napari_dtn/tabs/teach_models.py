"""Teach: keep what a run has learned under a name, and go back to any model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from dense_transformer.errors import DTNError, ModelError
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run import TeachRun

if TYPE_CHECKING:
    from dense_transformer.teaching import ModelRecord

KEEPABLE = ("stopped", "finished", "died")
ROWS = 5
KEEP = (
    "Put the best model of the run among your own models, with a card that says what "
    "it learned from; Predict and Inspect use it at once."
)


class ModelsSection(TeachSection):
    """The models of the project: each can be used again with one click."""

    title = "Models"
    hint = "Keep the new model under a name; go back to an earlier one."

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self.teaching = TeachRun.of(context)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the new model")
        self.name.setPlaceholderText("name of the new model")
        self.keep = QPushButton("✓ Keep")
        self.keep.setAccessibleName("Keep the new model")
        self.amiss = plain_label("What is amiss with the name")
        self.list = QListWidget()
        self.list.setAccessibleName("Models of the project")
        self.use = QPushButton("↩ Use this model")
        self.use.setAccessibleName("Use this model")
        self.use.setToolTip("Predict, Inspect and Teach with the model that is chosen.")
        self.words = plain_label("What was done with models")
        self._suggested = ""
        self._run = self.teaching.run  # that the words are about
        self._lay_out()
        self.keep.clicked.connect(self._keep)
        self.name.returnPressed.connect(self._keep)
        self.use.clicked.connect(self._use)
        self.list.itemDoubleClicked.connect(lambda item: self._use())
        self.list.currentRowChanged.connect(self._show_buttons)
        self.name.textChanged.connect(self._show_buttons)
        self.teaching.told.connect(self._show_buttons)
        self.teaching.run_changed.connect(self._run_changed)
        context.project_changed.connect(self._project_changed)
        context.models_changed.connect(self._look)
        self._show_buttons()

    def refresh(self) -> None:
        """List the models."""
        self._look()

    # what it does

    def _keep(self) -> None:
        """Keep the best model of the run under the name, and use it at once."""
        project, run, name = self.context.project, self.teaching.run, self.name.text()
        if project is None or run is None or not self.keep.isEnabled():
            return

        def work() -> ModelRecord:
            from dense_transformer.teaching import keep

            return keep(project, run, name.strip())

        self._begin()
        self.keep.setEnabled(False)
        self.context.aside(work, self._kept, self._refused)

    def _use(self) -> None:
        """Use the model of the chosen line from now on."""
        project, item = self.context.project, self.list.currentItem()
        if project is None or item is None:
            return
        record = item.data(Qt.ItemDataRole.UserRole)

        def work() -> tuple[ModelRecord, str]:
            from dense_transformer.teaching import revert

            found = revert(project, record)
            return found, str(project.model_path(found))

        self._begin()
        self.context.aside(work, self._used, self._refused)

    def _begin(self) -> None:
        """Take away what was said of what was done before."""
        self.words.setText("")
        self.context.forget_failure()

    def _kept(self, record: ModelRecord) -> None:
        self.words.setText(
            f"Kept as {record.name}: it is among your models, and in use now."
        )
        self.context.predict.look_for_models(record.name)
        self.context.models_changed.emit()

    def _used(self, result: tuple[ModelRecord, str]) -> None:
        record, path = result
        self.words.setText(f"{record.name} is in use now.")
        self.context.use_model(record.name)
        chosen = self.context.model()
        if chosen is None or chosen.key != record.name:
            self.context.use_model(path)  # its namesake among the models is gone
        self.context.models_changed.emit()

    def _refused(self, error: Exception) -> None:
        if isinstance(error, DTNError):  # says what to do instead; nobody's fault
            self.words.setText(f"Failed: {error}")
        else:
            self.context.fail(error)
        self._show_buttons()

    # what it shows

    def _project_changed(self) -> None:
        self.name.clear()  # was meant for a model of the project before
        self._look()

    def _run_changed(self) -> None:
        if self.teaching.run != self._run:
            self.words.setText("")
        self._run = self.teaching.run
        self._look()

    def _look(self) -> None:
        project = self.context.project
        if project is None:
            self.list.clear()
            self._show_buttons()
            return

        def work() -> tuple[Any, Any, str]:
            from dense_transformer.teaching import suggest_name

            return project.models, project.model, suggest_name(project)

        self.context.aside(work, self._listed, lambda error: None)

    def _listed(self, found: tuple[Sequence[Any], Any, str]) -> None:
        models, current, suggested = found
        self.list.clear()
        chosen = self._chosen(models)
        for record in reversed(models):
            used = " · in use" if record is chosen else ""
            if record == current and record is not chosen:
                used = " · in use by dtn teach"  # begins with it; the window doesn't
            parent = next((m.name for m in models if m.sha256 == record.parent), "")
            taught = f" · from {parent}" if parent else ""
            when = record.created.replace("T", " ").rstrip("Z")
            item = QListWidgetItem(f"{record.name}{used}{taught}")
            item.setToolTip(f"{record.name}: kept {when} UTC, sha256 {record.sha256}")
            item.setData(Qt.ItemDataRole.UserRole, record)
            self.list.addItem(item)
            if record is (chosen or current):
                self.list.setCurrentItem(item)
        taken = {record.name for record in models}
        if self.name.text() in {"", self._suggested, *taken}:
            self.name.setText(suggested)
        self._suggested = suggested
        self._show_buttons()

    def _chosen(self, models: Sequence[ModelRecord]) -> ModelRecord | None:
        """Return the model that is chosen at the top of the tab; of namesakes the last.

        None where that one isn't the project's.
        """
        folder, info = self.context.folder, self.context.model()
        if folder is None or info is None:
            return None
        for record in reversed(models):
            if info.key in (record.name, str(folder / record.file)):
                return record
        return None

    def _show_buttons(self, *_: object) -> None:
        news = self.teaching.news
        ready = news is not None and news.state in KEEPABLE
        better = news is not None and news.status.improved is not False
        amiss = self._what_is_amiss() if ready and better else ""
        self.amiss.setText(amiss)
        self.amiss.setVisible(bool(amiss))
        self.keep.setToolTip(amiss or KEEP)
        named = bool(self.name.text().strip()) and not amiss
        self.keep.setEnabled(ready and better and named)
        self.name.setEnabled(ready and better)
        self.use.setEnabled(self.list.currentItem() is not None)

    def _what_is_amiss(self) -> str:
        """Return why no model can have the name that is typed; empty if one can."""
        from dense_transformer.zoo.catalogue import own_path

        name = self.name.text().strip()
        try:
            own_path(name or "any")
        except ModelError as error:
            words = str(error)
            return f"{words[0].upper()}{words[1:]}."
        return ""

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        label = QLabel("&Name")
        label.setBuddy(self.name)
        row.addWidget(label)
        row.addWidget(self.name, 1)
        row.addWidget(self.keep)
        self.list.setMaximumHeight(24 * ROWS)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 6)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.amiss)
        column.addWidget(self.list)
        column.addWidget(self.use)
        column.addWidget(self.words)
