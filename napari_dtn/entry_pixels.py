"""The pixel size that a person types is that of the annotated image, too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_dtn.sources import layer_pixel_nm
from napari_dtn.timers import single_shot, stop_timers

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry
    from napari_dtn.annotator import Annotator
    from napari_dtn.teach_context import TeachContext

TYPED_MS = 400  # after the last digit


class EntryPixels(QObject):
    """Corrects the pixel size of an annotated image, for the runs that begin later.

    What the layer says of itself corrects nothing: another may have been typed.
    """

    def __init__(self, context: TeachContext, annotator: Annotator) -> None:
        super().__init__(context)
        self._context, self._annotator = context, annotator
        self._typed = single_shot(self, TYPED_MS, self._take)
        context.predict.pixels.changed.connect(self._typed.start)
        annotator.current_changed.connect(self._turned)

    @property
    def busy(self) -> bool:
        """Whether a size was typed just now."""
        return bool(self._typed.isActive())

    def shut_down(self) -> None:
        """Correct nothing more. May be called twice."""
        stop_timers(self._typed)

    def _turned(self) -> None:
        """Take what was typed before the image was annotated."""
        layer, size = self._context.layer(), self._context.predict.pixels.value()
        own = None if layer is None else layer_pixel_nm(layer)
        if size is not None and (own is None or not np.allclose(own, size, atol=1e-3)):
            self._take()

    def _take(self) -> None:
        one, project = self._annotator.current, self._context.project
        size = self._context.predict.pixels.value()
        if one is None or project is None or size in (None, one.entry.pixel_nm):
            return
        work = partial(project.set_pixel_nm, one.entry.name, size)
        self._context.in_turn(work, partial(self._taken, one))

    def _taken(self, one: Any, entry: ImageEntry) -> None:
        one.entry = entry
        if one is self._annotator.current:
            self._context.set_image(entry)
        y, x = entry.pixel_nm or (0.0, 0.0)
        self._context.say(f"Runs from now on take its pixels as {y:g} × {x:g} nm.")
