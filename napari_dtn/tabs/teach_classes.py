"""What the brush paints: a row for each class, with its colour, key and count."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QRadioButton,
    QWidget,
)

from napari_dtn.annotation_keys import PREDICTED, class_key, spelled
from napari_dtn.annotation_layer import AS_PREDICTED, class_colours

SWATCH_PX = 14


class ClassList(QWidget):
    """One row per class, and one for painting what the model predicts."""

    chosen = Signal(int)  # label

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.chosen)
        self._counts: dict[int, QLabel] = {}
        self._classes: tuple[str, ...] = ()

    def set_classes(self, classes: Sequence[str]) -> None:
        """Show these classes, the foreground last."""
        if tuple(classes) == self._classes:
            return
        self._classes = tuple(classes)
        for button in self._group.buttons():
            self._group.removeButton(button)
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._counts.clear()
        colours = class_colours(classes)
        for label, (name, colour) in enumerate(
            zip(classes, colours, strict=True), start=1
        ):
            tip = f"Paint pixels that are '{name}'."
            self._add_row(label, name, QColor.fromRgbF(*colour), class_key(label), tip)
        tip = (
            "Paint, fill or outline with this, and every pixel becomes what the model "
            "predicts there; then correct it."
        )
        self._add_row(AS_PREDICTED, "as predicted", QColor("white"), PREDICTED, tip)

    def button(self, label: int) -> QRadioButton | None:
        """Return the row of a label."""
        return self._group.button(label)

    def choose(self, label: int) -> None:
        """Show that a label is chosen; tells nobody."""
        button = self._group.button(label)
        if button is not None:
            button.setChecked(True)
        elif (now := self._group.checkedButton()) is not None:
            self._group.setExclusive(False)
            now.setChecked(False)
            self._group.setExclusive(True)

    def set_counts(self, pixels: Sequence[int]) -> None:
        """Show how many pixels of each class are painted."""
        for label, count in enumerate(pixels, start=1):
            if label in self._counts:
                self._counts[label].setText(f"{count:,} px")

    def _add_row(self, label: int, name: str, colour: QColor, key: str, tip: str):  # type: ignore[no-untyped-def]
        row = self._grid.rowCount()
        button = QRadioButton(name)
        button.setIcon(_swatch(colour, hatched=label == AS_PREDICTED))
        button.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        button.setAccessibleName(name)
        tip = f"{tip} Key: {spelled(key)}" if key else tip
        button.setToolTip(tip)
        self._group.addButton(button, label)
        count, short = QLabel(), QLabel(spelled(key))
        count.setAccessibleName(f"Pixels of {name}")
        short.setAccessibleName(f"Key of {name}")
        for text in (count, short):
            text.setToolTip(tip)
            text.setAlignment(Qt.AlignmentFlag.AlignRight)
        short.setEnabled(False)
        self._grid.addWidget(button, row, 0)
        self._grid.addWidget(count, row, 1)
        self._grid.addWidget(short, row, 2)
        if label != AS_PREDICTED:
            self._counts[label] = count


def _swatch(colour: QColor, *, hatched: bool) -> QIcon:
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(QColor(0, 0, 0, 0) if hatched else colour)
    painter = QPainter(pixmap)
    if hatched:
        painter.fillRect(pixmap.rect(), Qt.BrushStyle.Dense5Pattern)
        painter.setPen(colour)
        for start in range(-SWATCH_PX, SWATCH_PX, 4):
            painter.drawLine(start, SWATCH_PX, start + SWATCH_PX, 0)
    painter.setPen(QColor(128, 128, 128))
    painter.drawRect(0, 0, SWATCH_PX - 1, SWATCH_PX - 1)
    painter.end()
    return QIcon(pixmap)
