"""A settings dataclass as form rows: label, help, range and choices from its fields."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

LARGEST = 10**9


def narrow(box: QAbstractSpinBox) -> None:
    """Take the buttons off a box, so that two and their text fit side by side."""
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setStyleSheet("min-width: 48px; padding-left: 4px; padding-right: 4px;")


class Pair(QWidget):
    """Two whole numbers (y, x), or None while the first is at its lowest."""

    changed = Signal()

    def __init__(self, low: int, high: int, unset: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._boxes = []
        for axis in ("height", "width"):
            box = QSpinBox()
            box.setRange(low - 1, high)
            box.setSpecialValueText(unset)
            box.setAccessibleName(axis)
            narrow(box)
            box.valueChanged.connect(self.changed)
            self._boxes.append(box)
            row.addWidget(box, 1)
        row.insertWidget(1, QLabel("×"))
        self.setFocusProxy(self._boxes[0])

    def value(self) -> tuple[int, int] | None:
        """Return (y, x), or None where either is unset."""
        y, x = (box.value() for box in self._boxes)
        unset = self._boxes[0].minimum()
        return None if unset in (y, x) else (y, x)

    def set_value(self, value: Sequence[int] | None) -> None:
        """Show (y, x), or unset."""
        unset = self._boxes[0].minimum()
        for box, number in zip(self._boxes, value or (unset, unset), strict=True):
            box.setValue(number)


class SettingsForm(QWidget):
    """Rows for some fields of a settings class.

    Parameters
    ----------
    cls : type
        A frozen settings dataclass with ``help``, ``low`` and ``high`` in the
        metadata of its fields.
    names : sequence of str
        Which fields, in the order to be shown.
    labels : mapping of str to str
        What a row is called, where the name of the field won't do.
    """

    changed = Signal()

    def __init__(
        self, cls: type, names: Sequence[str], labels: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        hints = typing.get_type_hints(cls)
        fields = {f.name: f for f in dataclasses.fields(cls)}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._editors: dict[str, QWidget] = {}
        for name in names:
            field = fields[name]
            editor = self._editor(hints[name], field)
            text = (labels or {}).get(name, name.replace("_", " ").capitalize())
            label = QLabel(text)
            label.setBuddy(editor)
            for widget in (label, editor):
                widget.setToolTip(field.metadata["help"])
            editor.setAccessibleName(text)
            editor.setAccessibleDescription(field.metadata["help"])
            layout.addRow(label, editor)
            self._editors[name] = editor
        self.set_values({name: fields[name].default for name in names})

    def values(self) -> dict[str, Any]:
        """Return the value of every row, as the settings class takes it."""
        return {name: _read(editor) for name, editor in self._editors.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show `values`; rows that are not named stay."""
        for name, value in values.items():
            if name in self._editors:
                _write(self._editors[name], value)

    def editor(self, name: str) -> QWidget:
        """Return the widget of a row."""
        return self._editors[name]

    def _editor(self, hint: Any, field: dataclasses.Field[Any]) -> QWidget:
        low, high = field.metadata["low"], field.metadata["high"]
        if typing.get_origin(hint) is typing.Literal:
            box = QComboBox()
            for choice in typing.get_args(hint):
                box.addItem(str(choice), choice)
            box.currentIndexChanged.connect(self.changed)
            return box
        if hint is bool:
            check = QCheckBox()
            check.toggled.connect(self.changed)
            return check
        if hint is int:
            spin = QSpinBox()
            spin.setRange(int(low or 0), int(high or LARGEST))
            spin.valueChanged.connect(self.changed)
            return spin
        if hint is float:
            real = QDoubleSpinBox()
            real.setDecimals(2)
            real.setSingleStep(0.05)
            real.setRange(float(low or 0), float(high or LARGEST))
            real.valueChanged.connect(self.changed)
            return real
        if tuple[int, int] in typing.get_args(hint):
            pair = Pair(int(low), int(high), "as trained")
            pair.changed.connect(self.changed)
            return pair
        raise TypeError(f"{field.name}: no form row for {hint}")


def _read(editor: QWidget) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    return editor.value()


def _write(editor: QWidget, value: Any) -> None:
    if isinstance(editor, QComboBox):
        editor.setCurrentIndex(max(0, editor.findData(value)))
    elif isinstance(editor, QCheckBox):
        editor.setChecked(bool(value))
    elif isinstance(editor, Pair):
        editor.set_value(value)
    else:
        editor.setValue(value)
