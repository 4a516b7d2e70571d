"""How a run learns: the few settings that people change."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from dense_transformer.config import TeachConfig
from dense_transformer.errors import ConfigError
from napari_dtn.forms import SettingsForm
from napari_dtn.teach_context import TeachContext

ROWS = ("steps", "batch", "learning_rate", "parts", "seed", "threads")
LABELS = {"parts": "What learns", "threads": "CPU threads"}


class TeachSettings(QWidget):
    """A form for `TeachConfig`; the device is the one of Predict.

    Parameters
    ----------
    context : TeachContext
        Whose Predict tab has the device.
    """

    def __init__(self, context: TeachContext) -> None:
        super().__init__()
        self._context = context
        self.form = SettingsForm(TeachConfig, ROWS, LABELS)
        rate: Any = self.form.editor("learning_rate")
        rate.setDecimals(6)  # two, as elsewhere, would make it 0
        rate.setSingleStep(1e-4)
        self.form.set_values({"learning_rate": TeachConfig().learning_rate})
        steps: Any = self.form.editor("steps")
        steps.setSpecialValueText("about a minute")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)

    def config(self) -> TeachConfig | None:
        """Return what is chosen; None, and why in a notification, if it won't do."""
        device = self._context.predict.device.currentData()
        try:
            return TeachConfig(**self.form.values(), device=device)
        except ConfigError as error:
            self._context.fail(error)
            return None
