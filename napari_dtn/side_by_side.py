"""Two pictures beside each other, their views linked, in napari's own grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QTimer

MARK_PT = 13.0  # size of the names on the canvas
WHITE, DARK = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.75)


class SideBySide:
    """Shows the layers of a group in two cells and hides all others.

    Each cell bears the name of its uppermost layer, white in a dark box, to be read
    on dark and light images. napari links the views of its grid. What was hidden and
    how the grid was set is as before at the end.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose grid.
    joined : callable, optional
        Called soon after another layer was added, which shifts the cells: the pictures
        are no longer what their names say.
    """

    def __init__(self, viewer: Any, joined: Callable[[], None] | None = None) -> None:
        self._viewer, self._joined = viewer, joined
        self._hidden: list[Any] = []
        self._marked: list[Any] = []
        self._before: tuple[bool, int, tuple[int, int]] | None = None

    @property
    def on(self) -> bool:
        """Whether pictures are beside each other."""
        return self._before is not None

    def begin(self, layers: list[Any]) -> None:
        """Show `layers` above all others in the list, half of them in each cell.

        Parameters
        ----------
        layers : list of napari layers
            Those of the right cell first, as napari counts from the uppermost; two
            at least.
        """
        grid = self._viewer.canvas.grid
        if self._before is None:
            self._before = grid.enabled, grid.stride, grid.shape
            self._viewer.layers.events.inserted.connect(self._inserted)
        every = self._viewer.layers
        for layer in layers:  # the person may have added others meanwhile
            every.move(every.index(layer), len(every))
        for layer in every:
            if layer.visible and not any(layer is one for one in layers):
                layer.visible = False
                self._hidden.append(layer)
        grid.stride = -(len(layers) // 2)  # negative: from the uppermost
        grid.shape = (1, 2)
        grid.enabled = True
        self._marked = layers[len(layers) // 2 - 1 :: len(layers) // 2]
        for layer in self._marked:
            mark(layer)
        self._viewer.reset_view()

    def end(self) -> None:
        """Put everything back. May be called twice."""
        if self._before is None:
            return
        grid = self._viewer.canvas.grid
        enabled, stride, shape = self._before
        self._before = None
        self._viewer.layers.events.inserted.disconnect(self._inserted)
        grid.enabled, grid.stride, grid.shape = enabled, stride, shape
        for layer in self._hidden:
            if layer in self._viewer.layers:
                layer.visible = True
        for layer in self._marked:
            layer.name_overlay.visible = False
        self._hidden, self._marked = [], []
        self._viewer.reset_view()

    def _inserted(self, event: object) -> None:
        QTimer.singleShot(0, self._tell)  # napari has yet to draw the layer

    def _tell(self) -> None:
        if self.on and self._joined is not None:
            self._joined()


def mark(layer: Any) -> None:
    """Write the name of a layer into the corner of its cell."""
    name = layer.name_overlay
    name.color, name.box_color, name.font_size = WHITE, DARK, MARK_PT
    name.visible = True
