"""Two pictures beside each other, their views linked, in napari's own grid."""

from __future__ import annotations

from typing import Any


class SideBySide:
    """Shows the layers of a group in two cells and hides all others.

    napari links the views of its grid. What was hidden and how the grid was set is
    as before at the end.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose grid.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._hidden: list[Any] = []
        self._before: tuple[bool, int, tuple[int, int]] | None = None

    @property
    def on(self) -> bool:
        """Whether pictures are beside each other."""
        return self._before is not None

    def begin(self, layers: list[Any]) -> None:
        """Show `layers`, the uppermost of the list, half of them in each cell.

        Parameters
        ----------
        layers : list of napari layers
            Those of the right cell first, as napari counts from the uppermost.
        """
        grid = self._viewer.canvas.grid
        if self._before is None:
            self._before = grid.enabled, grid.stride, grid.shape
        for layer in self._viewer.layers:
            if layer.visible and not any(layer is one for one in layers):
                layer.visible = False
                self._hidden.append(layer)
        grid.stride = -(len(layers) // 2)  # negative: from the uppermost
        grid.shape = (1, 2)
        grid.enabled = True
        self._viewer.reset_view()

    def end(self) -> None:
        """Put everything back. May be called twice."""
        if self._before is None:
            return
        grid = self._viewer.canvas.grid
        enabled, stride, shape = self._before
        self._before = None
        grid.enabled, grid.stride, grid.shape = enabled, stride, shape
        for layer in self._hidden:
            if layer in self._viewer.layers:
                layer.visible = True
        self._hidden = []
        self._viewer.reset_view()
