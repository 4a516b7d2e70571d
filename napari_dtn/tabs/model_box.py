"""Which model: the list, its card, and a file of one's own."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from napari_dtn.predicting import ModelInfo
from napari_dtn.tabs.fold import Fold


class CardView(QTextBrowser):
    """The card of a model; loads nothing that its text may point to."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setAccessibleName("About the model")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a height that shows the scores without pushing Run away."""
        return QSize(280, 230)

    def loadResource(self, kind: int, name: object) -> None:
        """Return nothing: a card from anybody must not read files."""
        return


class ModelBox(QWidget):
    """A list of models and 'Open…'; `about` folds out the card, for below."""

    changed = Signal()
    file_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        self.combo = QComboBox()
        self.combo.setAccessibleName("Model")
        self.combo.setToolTip("The network that finds the boundaries.")
        self.combo.setMinimumContentsLength(12)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.open_button = QPushButton("Open model file…")
        self.open_button.setToolTip("Use a model file (.safetensors) of your own.")
        self.open_button.setAccessibleName("Open model file")
        self.card = CardView()
        self.about = Fold("About this model", self.card)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.combo)
        layout.addWidget(self.open_button)
        self.combo.currentIndexChanged.connect(self._show)
        self.open_button.clicked.connect(self._ask)
        self.setFocusProxy(self.combo)

    def model(self) -> ModelInfo | None:
        """Return the chosen model, or None."""
        return self.combo.currentData()

    def set_models(self, models: tuple[ModelInfo, ...], wanted: str) -> None:
        """Show `models`; choose `wanted` or else the first that can be read.

        Files that were opened meanwhile stay.
        """
        shown = [self.combo.itemData(n) for n in range(self.combo.count())]
        listed = {model.key for model in models}
        models += tuple(m for m in shown if m is not None and m.key not in listed)
        self.combo.blockSignals(True)
        self.combo.clear()
        for model in models:
            self._append(model)
        keys = [m.key for m in models]
        usable = [n for n, m in enumerate(models) if m.card is not None]
        chosen = keys.index(wanted) if wanted in keys else (usable or [0])[0]
        self.combo.setCurrentIndex(chosen if models else -1)
        self.combo.blockSignals(False)
        # The same row may hold another model now: mirrors follow, and `_show`.
        self.combo.currentIndexChanged.emit(self.combo.currentIndex())

    def choose(self, key: str) -> bool:
        """Choose the model `key`; return whether it is in the list."""
        for n in range(self.combo.count()):
            model = self.combo.itemData(n)
            if model is not None and model.key == key:
                self.combo.setCurrentIndex(n)
                return True
        return False

    def add_model(self, model: ModelInfo) -> None:
        """Add a model and choose it; the same file twice is one entry."""
        if self.choose(model.key):
            self.combo.setItemData(self.combo.currentIndex(), model)
            self._show()
            return
        self._append(model)
        self.combo.setCurrentIndex(self.combo.count() - 1)

    def _append(self, model: ModelInfo) -> None:
        text = (
            Path(model.key).stem if "/" in model.key or "\\" in model.key else model.key
        )
        self.combo.addItem(text if model.card else f"{text} (can't be read)", model)
        about = model.problem or (model.card.title if model.card else "")
        self.combo.setItemData(self.combo.count() - 1, about, 3)  # Qt.ToolTipRole

    def _show(self) -> None:
        model = self.model()
        if model is None:
            self.card.setPlainText("No model is installed; open a model file.")
        elif model.card is None:
            self.card.setPlainText(model.problem)
        else:
            self.card.setMarkdown(model.about)
        self.changed.emit()

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open model file", "", "Models (*.safetensors);;All files (*)"
        )
        if path:
            self.file_chosen.emit(path)
