"""The size of a pixel, from the layer or from the person."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_dtn.forms import narrow

Size = tuple[float, float]
LARGEST_NM = 1e7


class PixelBox(QWidget):
    """Two sizes (y, x) in nanometres, and a line that says where they come from."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layer_nm: Size | None = None
        self._model_nm: Size | None = None
        self._model_height_px: int | None = None
        self._model_zoom = 1.0
        self._boxes = []
        row = QHBoxLayout()
        for axis in ("y", "x"):
            box = QDoubleSpinBox()
            box.setDecimals(3)
            box.setRange(0.0, LARGEST_NM)
            box.setSingleStep(0.1)
            box.setSpecialValueText("unknown")
            box.setAccessibleName(f"Pixel size {axis}, nanometres")
            box.setToolTip(
                "Size of a pixel in nanometres. The image is brought to the pixel "
                "size of the model and the result back; unknown leaves it as it is."
            )
            narrow(box)
            box.valueChanged.connect(self._edited)
            self._boxes.append(box)
            row.addWidget(box, 1)
        row.insertWidget(1, QLabel("×"))
        row.addWidget(QLabel("nm"))
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setAccessibleName("Where the pixel size comes from")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.hint)
        self.setFocusProxy(self._boxes[0])
        self._say()

    def value(self) -> Size | None:
        """Return (y, x) in nm, or None where either is unknown."""
        y, x = (box.value() for box in self._boxes)
        return (y, x) if y > 0 and x > 0 else None

    def set_layer(self, pixel_nm: Size | None) -> None:
        """Show what a layer says of itself."""
        self._layer_nm = pixel_nm
        for box, size in zip(self._boxes, pixel_nm or (0.0, 0.0), strict=True):
            box.blockSignals(True)
            box.setValue(size)
            box.blockSignals(False)
        self._say()

    def set_model(
        self, pixel_nm: Size | None, height_px: int | None, zoom: float = 1.0
    ) -> None:
        """Take the model's pixel size, or the height it resizes to, into the hint.

        `zoom`: how much larger than that it sees images.
        """
        self._model_nm, self._model_height_px = pixel_nm, height_px
        self._model_zoom = zoom
        self._say()

    def _edited(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        size, model = self.value(), self._model_nm
        trained = f" (the model's: {_words(model)})" if model else ""
        shown = tuple(round(s, 3) for s in self._layer_nm) if self._layer_nm else None
        if self._model_height_px:
            text = (
                f"The model takes images {self._model_height_px} px high: they are "
                "resized to that, whatever their pixel size."
            )
        elif size is None:
            text = f"Unknown: pixels are used as they are{trained}."
        elif size == shown:
            text = f"From the layer's scale and units{trained}."
        else:
            text = f"As you typed{trained}."
        if self._model_zoom != 1:
            much = f"{self._model_zoom:.2g} times as large"
            text += f" The model was taught to see them {much}."
        self.hint.setText(text)


def _words(size: Size) -> str:
    # A model is only there after its worker has imported the core, and torch.
    from dense_transformer.zoo import pixel_text

    return pixel_text(size)
