"""A colour ramp with its range in words."""

from __future__ import annotations

import numpy as np
from napari.utils.colormaps import ensure_colormap
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

SIZE = (96, 10)


class ColourRamp(QWidget):
    """Shows which colour stands for which value.

    Parameters
    ----------
    colormap : str
        Name of one of napari's.
    """

    def __init__(self, colormap: str) -> None:
        super().__init__()
        width, height = SIZE
        row = ensure_colormap(colormap).map(np.linspace(0, 1, width))
        pixels = np.ascontiguousarray(
            np.broadcast_to((255 * row).astype(np.uint8), (height, width, 4))
        )
        picture = QImage(
            pixels.tobytes(), width, height, QImage.Format.Format_RGBA8888
        ).copy()
        self._low, self._high, bar = QLabel(), QLabel(), QLabel()
        bar.setPixmap(QPixmap.fromImage(picture))
        self.setAccessibleName("Meaning of the colours")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._low, bar, self._high):
            layout.addWidget(widget)
        layout.addStretch()

    def text(self) -> str:
        """Return the values of both ends."""
        return f"{self._low.text()} to {self._high.text()}"

    def set_range(self, low: float, high: float, unit: str) -> None:
        """Show the values of both ends."""
        self._low.setText(f"{low:.3g}")
        self._high.setText(f"{high:.3g} {unit}")
