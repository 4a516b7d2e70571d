"""The annotations of one image: what is painted becomes a journal, and comes back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Signal

from dense_transformer.types import Box
from napari_dtn.annotation_layer import AS_PREDICTED
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_prediction import predicted_labels
from napari_dtn.annotation_strokes import Region
from napari_dtn.annotation_view import show_section
from napari_dtn.annotation_waiting import Waiting
from napari_dtn.annotation_writing import JournalWriter
from napari_dtn.painted_layer import PaintedLayer
from napari_dtn.sources import Source
from napari_dtn.teach_opening import Opened, State

if TYPE_CHECKING:
    from dense_transformer.teaching import Patch
    from napari_dtn.teach_context import TeachContext


class Annotating(PaintedLayer):
    """Paints on one image: its layer, its journal, and what was kept last.

    Parameters
    ----------
    context : TeachContext
        Viewer, and the thread in which everything is written.
    source : Source
        The image layer.
    opened : Opened
        The image in its project.

    Attributes
    ----------
    pixels : Pixels
        What is painted.
    waiting : Waiting
        What is to be filled as predicted, once it is.
    """

    changed = Signal()  # `state` is new
    unpredicted = Signal()  # painted as predicted where nothing is predicted

    def __init__(self, context: TeachContext, source: Source, opened: Opened) -> None:
        classes = tuple(opened.project.classes)
        pixels = Pixels(opened.labels, opened.kept, len(classes))
        super().__init__(context, source, pixels, classes)
        self.entry, self.journal = opened.entry, opened.journal
        self._writer = JournalWriter(
            context, opened.journal, opened.state, opened.known
        )
        self._writer.changed.connect(self.changed)
        self._writer.came_back.connect(self._came_back)
        self.waiting = Waiting(
            self.pixels, self._writer, opened.journal, self.predicted
        )

    @property
    def state(self) -> State:
        """Counts and patches as the journal has them; some milliseconds late."""
        return self._writer.state

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back, in the journal or not yet."""
        return self.state.can_undo or self.waiting.can_take_back

    # changes of other kinds than painting

    def undo(self) -> None:
        """Take back the last change, on whatever section it was."""
        self.flush()
        if self.waiting.take_back():
            self.changed.emit()
        else:
            self._writer.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.flush()
        self._writer.redo()

    def fill(self, patch: Patch, value: int, *, add: bool = False) -> bool:
        """Fill what is not annotated in a box with a class, or as predicted.

        Parameters
        ----------
        patch : Patch
            The box.
        value : int
            Label of the class; 0 leaves the pixels; or `AS_PREDICTED`.
        add : bool
            Let the box count as a whole from now on, in the same change.

        Returns
        -------
        bool
            False where nothing is predicted there: it is filled once it is.
        """
        self.flush()
        section = patch.section
        part = self.pixels.read(section, patch.box)
        wanted: Any = value
        if value == AS_PREDICTED:
            wanted = self.predicted(section, patch.box)
        if wanted is None:
            self.waiting.add_patch(patch, add=add)
            self.unpredicted.emit()
            return False
        new = np.where(part == 0, wanted, part)
        self.pixels.write(section, patch.top, patch.left, new)
        paint = [self.pixels.take_all(section, patch.box)]
        patches = [patch] if add else []
        self._writer.ask(partial(self.journal.change, paint=paint, add=patches))
        return True

    def remove_patch(self, patch: Patch) -> None:
        """Let a box no longer count as a whole; what is painted stays."""
        self.flush()
        self._writer.ask(partial(self.journal.remove_patch, patch))

    def save(self) -> None:
        """Try again to write what a full disk has kept in memory."""
        self._writer.follow_up(self.journal.sync)

    def read_again(self) -> None:
        """Show what the journal has: an import has written into it."""
        self.flush()
        self._writer.read(self.pixels.apply)

    # what is there

    def missing(self, patch: Patch) -> int:
        """Return how many pixels of a box are not annotated yet."""
        return self.pixels.missing(patch.section, patch.box)

    def predicted(self, section: int, box: Box) -> Any:
        """Return the labels (h, w) that are predicted in a box, or None."""
        context = self._context
        model = context.model()
        if self.layer is None or model is None:
            return None
        return predicted_labels(
            context.viewer, self.source.layer_id, self.layer, section, box,
            context.predict.threshold.value(), len(self.classes), model.key,
        )  # fmt: skip

    # what is painted

    def _touched(self, region: Region) -> None:
        """Turn what was just painted 'as predicted' into what is predicted there."""
        if self.pixels.drawing:
            return
        first, last, top, left, bottom, right = region
        box = (top, left, bottom, right)
        for section in range(first, last):
            part = self.pixels.read(section, box)
            new = part == AS_PREDICTED
            if not new.any():
                continue
            wanted = self.predicted(section, box)
            if wanted is None:
                wanted = self.pixels.kept(section, box)
                self.waiting.add_stroke(section, box, new)
                self.unpredicted.emit()
            self.pixels.write(section, top, left, np.where(new, wanted, part))

    def _keep(self, regions: Iterable[Region]) -> None:
        """Hand what differs from what was kept to the journal, as one change."""
        painted, strange = self.pixels.take(regions)
        if strange:
            self._context.say(
                f"Label {strange} is no class; use 1 to {len(self.classes)}."
            )
        if painted:
            self._writer.ask(partial(self.journal.change, paint=painted))

    def _came_back(self, change: Any) -> None:
        """Show on the layer what an undo or a redo has changed."""
        self.pixels.apply(change)
        away = change.sections and self.section not in change.sections
        if away and self.layer is not None:
            show_section(self._context.viewer, self.layer, change.sections[0])
