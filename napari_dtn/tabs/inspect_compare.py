"""Inspect: two models, or two checkpoints of a run, on the same image."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QPushButton,
    QWidget,
)

from dense_transformer.types import Progress
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_labels import to_classes
from napari_dtn.inspect_outcomes import Outcome, describe_comparison, section_pixels
from napari_dtn.predicting import Stop, once
from napari_dtn.tabs.inspect_change import ChangeSection


class RivalBox(QWidget):
    """The other model: a list, the twin in one click, or a file."""

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setAccessibleName("The other model")
        self.combo.setToolTip("The model that predicts the same image beside this one.")
        self.combo.setMinimumContentsLength(10)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.twin = QPushButton("Its twin")
        self.twin.setToolTip(
            "Compare with the model that differs by its transformers alone: a DTN "
            "with its plain U-Net, or the other way round."
        )
        self.twin.setAccessibleName("Compare with its twin")
        self.file = QPushButton("File…")
        self.file.setAccessibleName("Compare with a model file")
        self.file.setToolTip("Choose a model file, such as a checkpoint of a run.")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.combo, 0, 0, 1, 2)
        grid.addWidget(self.twin, 1, 0)
        grid.addWidget(self.file, 1, 1)
        self.setToolTip("What the model of this tab is compared with.")
        self.setFocusProxy(self.combo)
        self.file.clicked.connect(self._ask)

    def set_models(self, names: list[str]) -> None:
        """List these models too; the choice and the files stay."""
        before = self.combo.currentData()
        listed = [self.combo.itemData(n) for n in range(self.combo.count())]
        for name in names:
            if name not in listed:
                self.combo.addItem(name, name)
        if before is not None:
            self.choose(before)

    def choose(self, key: str) -> None:
        """Choose a model by name or path; a new one is listed."""
        row = self.combo.findData(key)
        if row < 0:
            path = Path(key)
            self.combo.addItem(f"{path.parent.name}/{path.name}", key)
            row = self.combo.count() - 1
        self.combo.setCurrentIndex(row)

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Compare with", "", "Models (*.safetensors);;All files (*)"
        )
        if path:
            self.choose(path)


class CompareSection(ChangeSection):
    """Predicts the image with this model and another, and shows both."""

    name = "compare"
    title = "Compare with another model"
    hint = "Two models on this image: side by side, their difference, numbers."
    run_hint = "Predict the whole image with both models."

    def __init__(self, context: InspectContext) -> None:
        self.rival = RivalBox()
        super().__init__(context)
        self._finder = context.runner()
        self._finder.succeeded.connect(self._found)
        self._lister = context.runner()
        self._lister.succeeded.connect(self._listed)
        self._asked: str | None = None  # the model that rivals were looked for
        self.rival.twin.clicked.connect(self._find_twin)
        self.rival.combo.currentIndexChanged.connect(self.refresh)

    def rows(self) -> list[tuple[str, QWidget]]:
        """Return the choice of the other model."""
        return [("&With", self.rival)]

    def refresh(self) -> None:
        """List the models, and propose one, once for each that is looked at."""
        request = self.context.request
        if request is not None and request.model != self._asked:
            self._asked = key = request.model
            self.context.run(self._lister, "models", lambda stop: once(_rivals, key))
        super().refresh()
        self.rival.twin.setEnabled(super()._ready())

    def task(self) -> Callable[[Stop], Generator[Progress, None, Outcome]]:
        """Return the comparison as it is chosen now."""
        context, request = self.context, self.context.request
        assert request is not None
        core, source, before = context.core, request.source, context.prediction
        rival, values = self.rival.combo.currentData(), self.labels.labels(source)

        def work(stop: Stop) -> Generator[Progress, None, Outcome]:
            from dense_transformer.inspection import compare

            first, second = core.model(request.model), core.model(rival)
            labels = values
            if values is not None:
                labels = to_classes(values, len(first.card.classes))
            found = yield from compare(
                first, second, source.image, request.config, section=source.section,
                labels=labels, before=before, stop=stop,
            )  # fmt: skip
            return Outcome(
                found.names,
                found.predictions,
                found.change,
                found.scores,
                describe_comparison(found),
                section_pixels(source),
            )

        return work

    def _ready(self) -> bool:
        return super()._ready() and self.rival.combo.currentData() is not None

    def _find_twin(self) -> None:
        request = self.context.request
        if request is not None:
            key = request.model
            self.bar.say("Looking for the twin…")
            self.context.run(self._finder, "twin", lambda stop: once(_twin, key))

    def _found(self, job: Any, name: str | None) -> None:
        if name is None:
            self.bar.say(
                "No installed model differs from this one by its transformers alone. "
                "Choose one from the list, or a file."
            )
            return
        self.rival.choose(name)
        self.run()

    def _listed(self, job: Any, rivals: tuple[list[str], str | None]) -> None:
        names, proposed = rivals
        self.rival.set_models(names)
        if proposed is not None:
            self.rival.choose(proposed)


def _rivals(key: str) -> tuple[list[str], str | None]:
    """Return the names of all models, and which to propose beside `key`."""
    from dense_transformer.zoo import list_models

    names = [model.name for model in list_models() if model.card is not None]
    others = (name for name in names if name != key)
    return names, _twin(key) or next(others, None)


def _twin(key: str) -> str | None:
    from dense_transformer.inspection import find_twin

    return find_twin(key)
