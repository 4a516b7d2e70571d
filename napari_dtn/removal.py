"""Takes layers away one by one, each with a drawing of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari.layers import Layer
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from napari.components import ViewerModel


def remove_layers(
    viewer: ViewerModel, layers: Iterable[Layer], widget: QWidget
) -> None:
    """Remove layers from a viewer in whose window `widget` is.

    Where an image and labels go without a drawing between, vispy draws from
    buffers that are gone, and the process ends in a segmentation fault (napari
    0.9.2, vispy 0.17; also without this plugin, and in a `batched_update`).
    """
    window = widget.window() or widget
    for layer in list(layers):
        viewer.layers.remove(layer)
        for canvas in window.findChildren(QOpenGLWidget):
            canvas.repaint()
