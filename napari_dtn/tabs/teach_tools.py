"""The tools of the annotation layer: napari's own, under one's hand."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_dtn.annotation_keys import LARGER, SMALLER, TOOLS

NAMES = {
    "paint": ("Brush", "Paint with the chosen class."),
    "polygon": (
        "Polygon",
        "Click corners around an area, double click to fill it.",
    ),
    "fill": ("Fill", "Click to fill an area of one label, up to its border."),
    "erase": ("Eraser", "Take away what is painted: not annotated again."),
    "pan_zoom": ("Move", "Drag the image; holding Space does so with any tool."),
}
LARGEST_BRUSH = 100


class ToolBox(QWidget):
    """A button for each tool, and the size of the brush; follows the layer."""

    used = Signal()  # the person has taken a tool

    def __init__(self) -> None:
        super().__init__()
        self._layer: Any = None
        self._links: list[tuple[Any, Any]] = []
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(3)
        for place, (mode, (name, tip)) in enumerate(NAMES.items()):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setAccessibleName(name)
            button.setToolTip(f"{tip} Key: {TOOLS[mode]}")
            button.clicked.connect(lambda _=False, mode=mode: self._take(mode))
            self._group.addButton(button)
            self.buttons[mode] = button
            grid.addWidget(button, place // 3, place % 3)
        self.extra = QHBoxLayout()  # for a tool that napari has not
        grid.addLayout(self.extra, 1, 2)
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.brush.setRange(1, LARGEST_BRUSH)
        self.brush.setAccessibleName("Brush size")
        self.size = QSpinBox()
        self.size.setRange(1, 2000)
        self.size.setSuffix(" px")
        self.size.setAccessibleName("Brush size in pixels")
        self.size.setKeyboardTracking(False)
        tip = (
            "Diameter of brush and eraser in pixels of the image. "
            f"Keys: {SMALLER} and {LARGER}, or Alt and moving the mouse"
        )
        for widget in (self.brush, self.size):
            widget.setToolTip(tip)
            widget.valueChanged.connect(self._resize)
        row = QHBoxLayout()
        label = QLabel("Br&ush")
        label.setBuddy(self.brush)
        row.addWidget(label)
        row.addWidget(self.brush, 1)
        row.addWidget(self.size)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        layout.addLayout(row)
        self.set_layer(None)

    def set_layer(self, layer: Any) -> None:
        """Follow another layer of labels, or none."""
        for event, slot in self._links:
            event.disconnect(slot)
        self._links, self._layer = [], layer
        if layer is not None:
            self._links = [
                (layer.events.mode, self._show),
                (layer.events.brush_size, self._show),
            ]
            for event, slot in self._links:
                event.connect(slot)
        self.setEnabled(layer is not None)
        self._show()

    def _take(self, mode: str) -> None:
        if self._layer is not None:
            self.used.emit()
            self._layer.mode = mode

    def _resize(self, size: int) -> None:
        if self._layer is not None and size != self._layer.brush_size:
            self._layer.brush_size = size
        self._show_size(size)

    def _show(self, event: object = None) -> None:
        layer = self._layer
        mode = "" if layer is None else str(layer.mode)
        self._group.setExclusive(False)
        for name, button in self.buttons.items():
            button.setChecked(name == mode)
        self._group.setExclusive(True)
        if layer is not None:
            self._show_size(round(layer.brush_size))

    def _show_size(self, size: int) -> None:
        for widget in (self.brush, self.size):
            with QSignalBlocker(widget):
                widget.setValue(min(size, widget.maximum()))
