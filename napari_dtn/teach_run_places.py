"""Shows on the image which annotations a run does not learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from dense_transformer.types import Box
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run import TeachRun

COLOUR = "#ffffff"  # no class has it; patches have it, in whole lines
DASH = 6.0  # widths of the line; half of it is left out
THIN = 300  # times the width is the image, of which one may see a quarter
ROLE = "held out"
MARGIN_PX = 3.0  # around what was painted
Held = dict[str, tuple[tuple[int, Box], ...]]  # image: (section, box)


class HeldOutPlaces(QObject):
    """Boxes around the annotations that a run is judged by."""

    deleted = Signal()  # the person took them out of the list

    def __init__(self, context: TeachContext, teaching: TeachRun, parent: Any) -> None:
        super().__init__(parent)
        self._context, self._teaching = context, teaching
        self._shown = True
        self._held: Held = {}
        self._of: Path | None = None
        group = context.group("held out")
        group.deleted.connect(lambda role: self.deleted.emit())
        teaching.run_changed.connect(self._read)
        context.changed.connect(self._draw)

    def set_shown(self, shown: bool) -> None:
        """Show the boxes, or take them away."""
        self._shown = shown
        self._draw()

    def shut_down(self) -> None:
        """Draw no more. May be called twice."""
        self._shown, self._held = False, {}

    def _read(self) -> None:
        """Read the lesson of another run; it never changes afterwards."""
        run = self._teaching.run
        if run == self._of:
            return
        self._of, self._held = run, {}
        if run is None:
            self._draw()
            return
        self._context.aside(lambda: read_held(run), self._take, lambda error: None)

    def _take(self, held: Held) -> None:
        self._held = held
        self._draw()

    def _draw(self) -> None:
        group = self._context.group("held out")
        image, layer = self._context.image, self._context.layer()
        boxes = () if image is None else self._held.get(image.name, ())
        source = self._context.source() if layer is not None else None
        if not self._shown or not boxes or source is None:
            group.remove()
            return
        group.show([held_spec(boxes, source)], source)


def read_held(run: Path) -> Held:
    """Return what a run's lesson holds out, by image."""
    from dense_transformer.teaching import read_lesson

    held: dict[str, list[tuple[int, Box]]] = {}
    for example in read_lesson(run).examples:
        boxes = [(patch.section, patch.box) for patch in example.held_out]
        held.setdefault(example.name, []).extend(boxes)
    return {name: tuple(boxes) for name, boxes in held.items()}


def held_spec(boxes: tuple[tuple[int, Box], ...], source: Source) -> LayerSpec:
    """Return the boxes of all sections as dashed rectangles.

    Parameters
    ----------
    boxes : tuple of (section, (top, left, bottom, right))
        Pixels, half open.
    source : Source
        The image; the boxes lie in its frame.
    """
    width = min(source.image.size) / THIN
    lines = [dashes(_sides(box), DASH * width) for _, box in boxes]
    ends = np.concatenate(lines)
    stack = source.frame.ndim > 2
    sections = np.repeat([float(at) for at, _ in boxes], [len(x) for x in lines])
    lead = [np.full(len(ends), float(at)) for at in source.lead]
    lead += [sections] if stack else []
    start = np.column_stack([*lead, ends[:, 0]])
    shift = np.column_stack([*(0 * part for part in lead), ends[:, 1] - ends[:, 0]])
    look = {
        "vector_style": "line",
        "edge_color": COLOUR,
        "edge_width": width,
        "opacity": 0.9,
    }
    frame = source.frame.placed()
    data = np.stack([start, shift], 1).astype(np.float32)
    name = f"{source.image.name} held out"
    return LayerSpec("vectors", ROLE, name, data, frame, look)


def dashes(lines: np.ndarray, period: float) -> np.ndarray:
    """Return lines (n, 2 ends, 2) cut into dashes, each half of about a period long.

    The first begins where its line does and the last ends with it, so that corners
    are seen.
    """
    cut = []
    for start, end in lines:
        count = max(1, round(float(np.linalg.norm(end - start)) / period))
        begins = np.arange(count + 1) / (count + 0.5)
        at = np.stack([begins, np.minimum(begins + 0.5 / (count + 0.5), 1.0)], 1)
        cut.append(start + at[..., None] * (end - start))
    return np.concatenate(cut)


def _sides(box: Box) -> np.ndarray:
    """Return the four sides (4, 2 ends, 2) of a box, a little outside it."""
    top, left = box[0] - 0.5 - MARGIN_PX, box[1] - 0.5 - MARGIN_PX
    bottom, right = box[2] - 0.5 + MARGIN_PX, box[3] - 0.5 + MARGIN_PX
    corners = np.array([(top, left), (top, right), (bottom, right), (bottom, left)])
    return np.stack([corners, np.roll(corners, -1, 0)], 1)
