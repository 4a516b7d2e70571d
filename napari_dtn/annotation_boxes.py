"""A tool that draws a box on an image, and the lines that show boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap
from qtpy.QtCore import QObject, Signal

from dense_transformer.types import Box
from napari_dtn.inspect_pointer import Grip, Pointer, Px
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source
from napari_dtn.teach_context import TeachContext

CLICK_PX = 5  # of the screen; a shorter drag is a click
USUAL_PX = 224  # side of the box that a click makes
MOVE, BRUSH = "pan_zoom", "paint"  # tools of napari's
DONE, MISSING = "#ffffff", "#ffb000"
Corners = tuple[int, Box]  # section and box


class BoxTool(QObject):
    """Draws a box with the mouse while it is armed; a click draws a square.

    Parameters
    ----------
    context : TeachContext
        Whose image is drawn on.
    """

    drawn = Signal(object)  # Box, px, inside the image
    moved = Signal(object)  # Box while it is drawn, or None when that is over
    armed_changed = Signal(bool)

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._context = context
        self.side = USUAL_PX
        self.armed = False
        self._pointer = Pointer(context.viewer, context.layer, self)
        self._pointer.add_grip(self._take_hold)
        self._watched: Any = None
        self._before = BRUSH  # the tool that was in hand

    def arm(self, armed: bool) -> None:
        """Take up the tool, or lay it down; painting lays it down, too."""
        if armed == self.armed:
            return
        self.armed = armed
        if armed:
            one = self._context.annotator.current
            self._watch(None if one is None else one.layer)
        else:
            self._give_back()
        self.armed_changed.emit(armed)

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""
        self._watch(None)
        self._pointer.shut_down()

    def _watch(self, layer: Any) -> None:
        if self._watched is not None:
            self._watched.events.mode.disconnect(self._mode_changed)
        self._watched = layer
        if layer is not None:
            self._before = str(layer.mode)
            layer.mode = MOVE
            layer.cursor = "cross"
            layer.events.mode.connect(self._mode_changed)

    def _mode_changed(self, event: Any) -> None:
        if str(self._watched.mode) != MOVE:
            self.arm(False)

    def _give_back(self) -> None:
        """Take up the tool again that was in hand, unless the person took another."""
        layer = self._watched
        self._watch(None)
        if layer is not None and str(layer.mode) == MOVE:
            layer.cursor = "standard"
            layer.mode = self._before

    def _take_hold(self, at: Px, px_per_screen_px: float) -> Grip | None:
        if not self.armed:
            return None
        slack = CLICK_PX * px_per_screen_px

        def moved(to: Px) -> None:
            self.moved.emit(self._between(at, to))

        def released(to: Px) -> None:
            self.moved.emit(None)
            far = max(abs(to[0] - at[0]), abs(to[1] - at[1]))
            box = self._around(at) if far <= slack else self._between(at, to)
            if box[2] - box[0] > 1 and box[3] - box[1] > 1:
                if self._before == MOVE:  # now there is something to correct
                    self._before = BRUSH
                self.drawn.emit(box)

        return Grip(moved, released)

    def _between(self, one: Px, other: Px) -> Box:
        height, width = self._size()
        low = [int(np.floor(min(a, b) + 0.5)) for a, b in zip(one, other, strict=True)]
        high = [int(np.floor(max(a, b) + 1.5)) for a, b in zip(one, other, strict=True)]
        top, left = max(0, low[0]), max(0, low[1])
        return top, left, min(height, high[0]), min(width, high[1])

    def _around(self, at: Px) -> Box:
        """Return a square around a pixel, moved into the image."""
        size = self._size()
        sides = [min(self.side, n) for n in size]
        top, left = (
            int(np.clip(round(centre - side / 2), 0, n - side))
            for centre, side, n in zip(at, sides, size, strict=True)
        )
        return top, left, top + sides[0], left + sides[1]

    def _size(self) -> tuple[int, int]:
        source = self._context.source()
        return (0, 0) if source is None else source.image.size


def boxes_spec(
    boxes: Sequence[Corners], done: Sequence[bool], drawn: Corners | None,
    source: Source, width_px: float,
) -> LayerSpec:  # fmt: skip
    """Return the boxes as lines, white where all is annotated, else orange.

    Parameters
    ----------
    boxes : sequence of (int, Box)
        Section and box, px of the image.
    done : sequence of bool
        Whether all of each is annotated.
    drawn : (int, Box) or None
        The one that is being drawn.
    source : Source
        The image.
    width_px : float
        Of the lines, px of the image.
    """
    every = [*boxes, drawn or (0, (0, 0, 0, 0))]  # one at least: layers need a line
    states = [*map(float, done), 1.0]
    sides = np.concatenate([_sides(box) for _, box in every])
    sections = np.repeat([section for section, _ in every], 4).astype(float)
    lead = [np.full(len(sides), float(at)) for at in source.lead]
    lead += [sections] if source.frame.ndim > 2 else []
    start = np.column_stack([*lead, sides[:, 0]])
    shift = np.column_stack([*(0 * part for part in lead), sides[:, 1] - sides[:, 0]])
    look = {
        "vector_style": "line",
        "edge_color": "done",
        "edge_colormap": Colormap([MISSING, DONE], name="DTN patches"),
        "edge_contrast_limits": (0.0, 1.0),
        "edge_width": width_px,
        "opacity": 1.0,
    }
    return LayerSpec(
        "vectors", "patches", f"{source.image.name} patches",
        np.stack([start, shift], 1).astype(np.float32), source.frame.placed(), look,
        {"done": np.repeat(states, 4)},
    )  # fmt: skip


def _sides(box: Box) -> np.ndarray:
    """Return the four sides (4, 2 ends, 2) of a box along the edges of its pixels."""
    top, left, bottom, right = (edge - 0.5 for edge in box)
    corners = np.array([(top, left), (top, right), (bottom, right), (bottom, left)])
    return np.stack([corners, np.roll(corners, -1, 0)], 1)
