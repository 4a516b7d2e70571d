"""The annotations of one image: what is painted becomes a journal, and comes back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from dense_transformer.types import Box
from napari_dtn.annotation_keys import choose
from napari_dtn.annotation_layer import (
    AS_PREDICTED,
    add_annotations,
    annotation_spec,
    group_id,
    left_over,
    move_annotations,
)
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_prediction import predicted_labels
from napari_dtn.annotation_strokes import Region, Strokes
from napari_dtn.annotation_view import show_section
from napari_dtn.annotation_waiting import Waiting
from napari_dtn.annotation_writing import JournalWriter
from napari_dtn.layer_removal import take_away
from napari_dtn.sources import Source, current_index
from napari_dtn.specs import arranged
from napari_dtn.teach_opening import Opened, State

if TYPE_CHECKING:
    from dense_transformer.teaching import Patch
    from napari_dtn.teach_context import TeachContext

OTHER_SIZE = (
    "The annotation layer has to be as large as the image: the other pixels were not "
    "taken, what was painted is back."
)


class Annotating(QObject):
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
    layer_changed = Signal()  # the layer is there, or gone
    unpredicted = Signal()  # painted as predicted where nothing is predicted

    def __init__(self, context: TeachContext, source: Source, opened: Opened) -> None:
        super().__init__(context)
        self._context, self.source = context, source
        self.entry, self.journal = opened.entry, opened.journal
        self.classes = tuple(opened.project.classes)
        self._writer = JournalWriter(
            context, opened.journal, opened.state, opened.known
        )
        self._writer.changed.connect(self.changed)
        self._writer.came_back.connect(self._came_back)
        self.pixels = Pixels(opened.labels, opened.kept, len(self.classes))
        self.waiting = Waiting(
            self.pixels, self._writer, opened.journal, self.predicted
        )
        self._strokes: Strokes | None = None
        self._aside = False  # whether it is us who hide the layer

    @property
    def state(self) -> State:
        """Counts and patches as the journal has them; some milliseconds late."""
        return self._writer.state

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back, in the journal or not yet."""
        return self.state.can_undo or self.waiting.can_take_back

    @property
    def layer(self) -> Any:
        """What is painted on; None while the person has deleted it."""
        return self.pixels.layer

    @property
    def id(self) -> tuple[Any, ...]:
        """What the layers of these annotations are told by."""
        return group_id(self.source.layer_id, self.source.lead)

    @property
    def section(self) -> int:
        """The section on screen."""
        if self.layer is None or self.layer.ndim < 3:
            return 0
        dims = self._context.viewer.dims
        return current_index(self.layer, dims.point, dims.units)[-1]

    @property
    def busy(self) -> bool:
        """Whether a stroke has yet to be handed on."""
        return self._strokes is not None and self._strokes.busy

    # the layer

    def show(self) -> Any:
        """Return the layer, added anew if it isn't there, ready to be painted on."""
        viewer = self._context.viewer
        if self.layer is None or self.layer not in viewer.layers:
            self._add_layer()
        viewer.layers.selection.active = self.layer
        return self.layer

    def lie_on(self, source: Source) -> None:
        """Lie on another layer that shows the same image."""
        if group_id(source.layer_id, source.lead) == self.id:
            return
        self.source, layer = source, self.layer
        if layer is None:
            return
        if layer.ndim == source.frame.ndim:
            move_annotations(layer, source, self.id)
            return
        self.flush(unfinished=True)
        self._add_layer()
        take_away(self._context.viewer, [layer])

    def set_aside(self, aside: bool) -> None:
        """Hide the layer while another image is chosen, or show it as it was."""
        if self.layer is None:
            return
        if aside and self.layer.visible:
            self.layer.visible, self._aside = False, True
        elif not aside and self._aside:
            self.layer.visible, self._aside = True, False

    def removed(self, layer: Any) -> bool:
        """Take note that a layer was deleted; return whether it was this one."""
        if layer is not self.layer or layer is None:
            return False
        self.flush(unfinished=True)
        self._drop_layer()
        self.layer_changed.emit()
        return True

    def flush(self, *, unfinished: bool = False) -> None:
        """Hand the strokes that have ended to the journal's thread, now.

        `unfinished`: also one that goes on.
        """
        if self._strokes is not None:
            self._keep(self._strokes.take(unfinished=unfinished))

    def shut_down(self) -> None:
        """Keep what is painted, and let go of the layer. May be called twice."""
        self.flush(unfinished=True)
        self._drop_layer()

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

    # what happens

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

    def _replaced(self, event: Any) -> None:
        """Go on with other data that the layer was given, if they fit the image."""
        if self.pixels.drawing:
            return
        regions = self.pixels.take_over(arranged(self.pixels.labels, self.source))
        if regions:
            self._keep(regions)
        else:
            self._context.say(OTHER_SIZE)

    def _add_layer(self) -> None:
        viewer = self._context.viewer
        self._drop_layer()
        # One that a dock has left would take strokes that nobody writes.
        take_away(viewer, left_over(viewer.layers, self.id))
        spec = annotation_spec(self.pixels.labels, self.source, self.classes)
        self.pixels.layer = add_annotations(viewer, spec, self.id)
        self._strokes = Strokes(viewer, self.layer, self)
        self._strokes.touched.connect(self._touched)
        self._strokes.ended.connect(self._keep)
        self._strokes.redrawn.connect(self._keep)
        self.layer.events.data.connect(self._replaced)
        self._aside = False
        self.layer_changed.emit()
        choose(self.layer, int(self.layer.selected_label))  # the brush with it

    def _drop_layer(self) -> None:
        if self._strokes is not None:
            self._strokes.shut_down()
            self._strokes = None
        if self.layer is not None:
            self.layer.events.data.disconnect(self._replaced)
            self.pixels.layer = None
