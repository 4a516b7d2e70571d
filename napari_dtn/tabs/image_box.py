"""Which image layer, and which of its sections."""

from __future__ import annotations

from typing import Any

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_dtn.placement import is_result
from napari_dtn.sources import current_index


class ImageBox(QWidget):
    """A list of the viewer's images, our own results left out."""

    changed = Signal()

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = viewer
        self._listing = False  # while it lists, a change is nobody's choice
        self.combo = QComboBox()
        self.combo.setAccessibleName("Image layer")
        self.combo.setToolTip("The image whose boundaries are predicted.")
        self.combo.setMinimumContentsLength(12)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.current = QRadioButton("Current slice")
        self.current.setToolTip("Predict the slice that the viewer shows.")
        self.all = QRadioButton("All slices")
        self.all.setToolTip("Predict every slice of the stack, one after the other.")
        self.current.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.current)
        group.addButton(self.all)
        self.slices = QWidget()
        row = QVBoxLayout(self.slices)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.current)
        row.addWidget(self.all)
        row.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.combo)
        layout.addWidget(self.slices)
        self.setFocusProxy(self.combo)
        self.combo.currentIndexChanged.connect(self._chosen)
        self.refresh()

    def layer(self) -> Image | None:
        """Return the chosen layer, or None."""
        return self.combo.currentData()

    def choose(self, layer: object) -> None:
        """Choose a layer of the list; others are ignored."""
        for n in range(self.combo.count()):
            if self.combo.itemData(n) is layer:
                self.combo.setCurrentIndex(n)

    def sections(self) -> int:
        """Return the number of slices of the chosen stack; 1 for a single image."""
        layer = self.layer()
        if layer is None or layer.ndim < 3:
            return 1
        shape = layer.data[0].shape if layer.multiscale else layer.data.shape
        return int(shape[layer.ndim - 3])

    def refresh(self, added: object = None) -> None:
        """List the layers again; an image that was just added is chosen."""
        before = self.layer()
        images = [
            layer
            for layer in reversed(self._viewer.layers)
            if isinstance(layer, Image) and not is_result(layer)
        ]
        wanted = added if any(i is added for i in images) else before
        if not any(i is wanted for i in images):
            active = self._viewer.layers.selection.active
            wanted = (
                active if any(i is active for i in images) else (images or [None])[0]
            )
        self.combo.blockSignals(True)
        self.combo.clear()
        for image in images:
            self.combo.addItem(image.name, image)
        self.choose(wanted)
        self.combo.setEnabled(bool(images))
        if not images:
            self.combo.addItem("Open an image first", None)
        self.combo.blockSignals(False)
        # Another row may hold the layer now, or the first one come: mirrors follow.
        self._listing = True
        self.combo.currentIndexChanged.emit(self.combo.currentIndex())
        self._listing = False
        if wanted is not before or before is None:
            self._changed()
        else:
            self.say_slices()

    def say_slices(self, event: object = None) -> None:
        """Say which slice is the current one and how many there are."""
        layer, count = self.layer(), self.sections()
        self.slices.setVisible(count > 1)
        if layer is not None and count > 1:
            dims = self._viewer.dims
            now = current_index(layer, dims.point, dims.units)[-1]
            self.current.setText(f"Current slice ({now})")
            self.all.setText(f"All {count} slices")

    def _chosen(self, row: int) -> None:
        if not self._listing:
            self._changed()

    def _changed(self) -> None:
        self.say_slices()
        self.changed.emit()
