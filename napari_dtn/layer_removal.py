"""Takes layers out of the viewer without ending the process.

Where what drew two layers is freed between two drawings, the next one reads memory
that is gone: napari 0.9.2 with vispy 0.17 ends in glDrawArrays, with Mesa nearly
each time and on Windows at times (napari issues 6472 and 8471; also without this
plugin). It is vispy's programs whose freeing does it, and a drawing after each
removal that prevents it. Keeping them instead would keep the pixels as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qtpy.compat import isalive
from qtpy.QtOpenGLWidgets import QOpenGLWidget


def take_away(viewer: Any, layers: Iterable[Any]) -> None:
    """Remove layers one by one, each with a drawing of its own."""
    for layer in list(layers):
        viewer.layers.remove(layer)
        for canvas in _canvases(viewer):
            _draw(canvas)


def is_ending(viewer: Any) -> bool:
    """Return whether the window has gone: then its layers are out of sight, too.

    napari still listens to them, and would draw on canvases that are no more.
    """
    return getattr(viewer, "window", None) is not None and not _canvases(viewer)


def _canvases(viewer: Any) -> list[QOpenGLWidget]:
    """Return what shows a viewer; nothing without a window, or after its end."""
    window = getattr(viewer, "window", None)
    if window is None or not isalive(window.main_menu):
        return []
    found: list[QOpenGLWidget] = window.main_menu.window().findChildren(QOpenGLWidget)
    return found


def _draw(canvas: QOpenGLWidget) -> None:
    """Draw now, be it on the screen or, where that is held or hidden, beside it."""
    if canvas.isVisible() and canvas.updatesEnabled():
        canvas.repaint()
    else:
        canvas.grabFramebuffer()
