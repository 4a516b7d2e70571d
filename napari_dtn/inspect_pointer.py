"""The mouse over the image: where it is in source pixels, clicks and drags."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from napari_dtn.sources import world_to_px

Px = tuple[float, float]
FRAME_MS = 12  # moves that come within it are one
LEFT = 1


@dataclass(frozen=True, slots=True)
class Grip:
    """What a press takes hold of: told where the hand moves, and when it lets go."""

    moved: Callable[[Px], None]
    released: Callable[[Px], None]


class Pointer(QObject):
    """Follows the mouse over one image layer while somebody listens.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas it is.
    find_layer : callable
        Returns the image layer, or None.
    """

    hovered = Signal(object)  # (y, x), source px, or None: beside the image
    clicked = Signal(object, object)  # (y, x), modifiers

    def __init__(
        self, viewer: Any, find_layer: Callable[[], Any], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._find = viewer, find_layer
        self._grips: list[Callable[[Px, float], Grip | None]] = []
        self._at: Px | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._tell)
        viewer.mouse_move_callbacks.append(self._move)
        viewer.mouse_drag_callbacks.append(self._press)

    def add_grip(self, grip: Callable[[Px, float], Grip | None]) -> None:
        """Ask `grip` at every press, with the place and the source px per screen px."""
        self._grips.append(grip)

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()
        for callbacks, callback in (
            (self._viewer.mouse_move_callbacks, self._move),
            (self._viewer.mouse_drag_callbacks, self._press),
        ):
            if callback in callbacks:
                callbacks.remove(callback)
        self._grips.clear()

    def _move(self, viewer: Any, event: Any) -> None:
        layer = self._find()
        self._at = None if layer is None else image_px(layer, event, viewer.dims)
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        self.hovered.emit(self._at)

    def _press(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        layer = self._find()
        at = None if layer is None else image_px(layer, event, viewer.dims)
        if at is None or event.button != LEFT or _is_drawing(viewer):
            return
        fine = px_per_screen_px(layer, viewer)
        grip = next((g for ask in self._grips if (g := ask(at, fine))), None)
        if grip is None:
            yield from self._click(layer, event, at, viewer)
        else:
            yield from self._drag(layer, event, grip, viewer)

    def _click(
        self, layer: Any, event: Any, at: Px, viewer: Any
    ) -> Generator[None, None, None]:
        """Tell of a press that did not become a pan."""
        start = np.array(event.pos, float)
        yield
        far = 0.0
        while event.type == "mouse_move":
            far = max(far, float(np.abs(np.array(event.pos, float) - start).max()))
            yield
        if far <= 3:
            self.clicked.emit(at, tuple(event.modifiers))

    def _drag(
        self, layer: Any, event: Any, grip: Grip, viewer: Any
    ) -> Generator[None, None, None]:
        """Lead what was taken hold of; the canvas stays where it is."""
        camera = viewer.scene.camera
        pan, camera.mouse_pan = camera.mouse_pan, False
        at = image_px(layer, event, viewer.dims, inside=False)
        try:
            yield
            while event.type == "mouse_move":
                at = image_px(layer, event, viewer.dims, inside=False)
                grip.moved(at)
                yield
            # Canvas and napari drop moves that follow in 10 ms: the last may be one.
            end = image_px(layer, event, viewer.dims, inside=False)
            if end is not None and end != at:
                at = end
                grip.moved(at)
        finally:
            camera.mouse_pan = pan
            grip.released(at)


def image_px(layer: Any, event: Any, dims: Any, inside: bool = True) -> Any:
    """Return the (y, x) pixel of a layer under the mouse; None beside the image."""
    last = max(dims.displayed)
    if tuple(dims.displayed) != (last - 1, last):
        return None  # in 3-D, or seen from the side
    at = world_to_px(layer, event.position, dims.units)[-2:]
    size = np.array(_size(layer), float)
    if inside and not ((at >= -0.5) & (at <= size - 0.5)).all():
        return None
    return float(at[0]), float(at[1])


def px_per_screen_px(layer: Any, viewer: Any) -> float:
    """Return how many source pixels one pixel of the screen is wide."""
    own = layer.units[-1]
    shown = (viewer.dims.units or layer.units)[-1]
    fits = shown.is_compatible_with(own)
    unit = float((1 * shown).to(own).magnitude) if fits else 1.0
    matrix = np.asarray(layer.affine.affine_matrix)[-3:-1, -3:-1]
    scale = abs(float(layer.scale[-1])) * float(np.linalg.norm(matrix[:, 1]))
    return unit / (viewer.scene.camera.zoom * scale)


def _size(layer: Any) -> tuple[int, int]:
    shape = layer.data[0].shape if layer.multiscale else layer.data.shape
    last = layer.ndim
    return int(shape[last - 2]), int(shape[last - 1])


def _is_drawing(viewer: Any) -> bool:
    """Return whether the mouse paints or selects in the active layer."""
    active = viewer.layers.selection.active
    return active is not None and str(getattr(active, "mode", "pan_zoom")) != "pan_zoom"
