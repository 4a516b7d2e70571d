"""The annotations of one image: what is painted becomes a journal, and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from dense_transformer.errors import WriteError
from napari_dtn.annotation_layer import (
    AS_PREDICTED,
    ROLE,
    annotation_spec,
    group_id,
    show_annotations,
    stack_of,
)
from napari_dtn.annotation_prediction import predicted_labels
from napari_dtn.annotation_strokes import Region, Strokes
from napari_dtn.annotation_view import show_section
from napari_dtn.placement import KEY, find_layer
from napari_dtn.sources import Source, current_index
from napari_dtn.teach_opening import Opened, State, journal_state

if TYPE_CHECKING:
    from dense_transformer.teaching import Change, Patch
    from napari_dtn.teach_context import TeachContext

Painted = tuple[int, int, int, np.ndarray]  # section, top, left, labels (h, w)


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
    layer : napari.layers.Labels or None
        What is painted on; None while the person has deleted it.
    state : State
        Counts and patches as the journal has them; some milliseconds late.
    """

    changed = Signal()  # `state` is new
    layer_changed = Signal()  # the layer is there, or gone
    unpredicted = Signal()  # painted as predicted where nothing is predicted

    def __init__(self, context: TeachContext, source: Source, opened: Opened) -> None:
        super().__init__(context)
        self._context, self.source = context, source
        self.entry, self.journal = opened.entry, opened.journal
        self.classes = tuple(opened.project.classes)
        self.state: State = opened.state
        self.layer: Any = None
        self._labels, self._kept = opened.labels, opened.kept
        self._strokes: Strokes | None = None
        self._busy = False

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
        if find_layer(viewer.layers, self.id, ROLE) is None:
            self._drop_layer()
            spec = annotation_spec(self._labels, self.source, self.classes)
            self.layer = show_annotations(viewer, spec, self.id)
            self._strokes = Strokes(viewer, self.layer, self)
            self._strokes.touched.connect(self._touched)
            self._strokes.ended.connect(self._keep)
            self._strokes.redrawn.connect(self._keep)
            self.layer.events.data.connect(self._replaced)
            self.layer_changed.emit()
        viewer.layers.selection.active = self.layer
        return self.layer

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
            self._strokes.flush(unfinished=unfinished)

    def shut_down(self) -> None:
        """Keep what is painted, and let go of the layer. May be called twice."""
        self.flush(unfinished=True)
        self._drop_layer()

    # changes of other kinds than painting

    def undo(self) -> None:
        """Take back the last change, on whatever section it was."""
        self.flush()
        self._context.in_turn(partial(self._write, self.journal.undo), self._came_back)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.flush()
        self._context.in_turn(partial(self._write, self.journal.redo), self._came_back)

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
            False where nothing is predicted there: then nothing is filled.
        """
        self.flush()
        section, (top, left, bottom, right) = patch.section, patch.box
        part = self._labels[section, top:bottom, left:right]
        wanted: Any = value
        if value == AS_PREDICTED:
            wanted = self.predicted(section, patch.box)
        filled = wanted is not None
        if filled:
            self._set(section, top, left, np.where(part == 0, wanted, part))
        else:
            self.unpredicted.emit()
        if filled or add:
            after = part.copy()
            self._kept[section, top:bottom, left:right] = after
            paint, patches = [(section, top, left, after)], [patch] if add else []
            self._ask(partial(self.journal.change, paint=paint, add=patches))
        return filled

    def remove_patch(self, patch: Patch) -> None:
        """Let a box no longer count as a whole; what is painted stays."""
        self.flush()
        self._ask(partial(self.journal.remove_patch, patch))

    def read_again(self) -> None:
        """Show what the journal has: an import has written into it."""
        self.flush()
        self._context.in_turn(self._read, self._show_again)

    # what is there

    def missing(self, patch: Patch) -> int:
        """Return how many pixels of a box are not annotated yet."""
        part = self._labels[
            patch.section, patch.top : patch.bottom, patch.left : patch.right
        ]
        return int(part.size - np.count_nonzero(part))

    def predicted(self, section: int, box: tuple[int, int, int, int]) -> Any:
        """Return the labels (h, w) that are predicted in a box, or None."""
        context = self._context
        if self.layer is None:
            return None
        return predicted_labels(
            context.viewer, self.source.layer_id, self.layer, section, box,
            context.predict.threshold.value(), len(self.classes),
        )  # fmt: skip

    # what happens

    def _touched(self, region: Region) -> None:
        """Turn what was just painted 'as predicted' into what is predicted there."""
        if self._busy:
            return
        first, last, top, left, bottom, right = region
        for section in range(first, last):
            part = self._labels[section, top:bottom, left:right]
            new = part == AS_PREDICTED
            if not new.any():
                continue
            wanted = self.predicted(section, (top, left, bottom, right))
            if wanted is None:
                wanted = self._kept[section, top:bottom, left:right]
                self.unpredicted.emit()
            self._set(section, top, left, np.where(new, wanted, part))

    def _keep(self, regions: Iterable[Region]) -> None:
        """Hand what differs from what was kept to the journal, as one change."""
        painted: list[Painted] = []
        for first, last, top, left, bottom, right in regions:
            for section in range(first, last):
                cut = np.s_[section, top:bottom, left:right]
                if not np.array_equal(self._labels[cut], self._kept[cut]):
                    painted += self._take(section, top, left, cut)
        if painted:
            self._ask(partial(self.journal.change, paint=painted))

    def _take(self, section: int, top: int, left: int, cut: Any) -> list[Painted]:
        """Return the smallest box that holds a difference, if any, and keep it."""
        now, old = self._labels[cut], self._kept[cut]
        strange = now > len(self.classes)
        if strange.any():  # a label that napari lets one choose, but that is no class
            self._context.say(
                f"Label {now[strange].max()} is no class; use 1 to {len(self.classes)}."
            )
            self._set(section, top, left, np.where(strange, old, now))
            now = self._labels[cut]
        different = now != old
        rows = np.flatnonzero(different.any(1))
        columns = np.flatnonzero(different.any(0))
        if len(rows) == 0:
            return []
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        after = now[part].copy()
        old[part] = after
        return [(section, top + int(rows[0]), left + int(columns[0]), after)]

    def _ask(self, work: Callable[[], Any]) -> None:
        self._context.in_turn(partial(self._write, work), self._written)

    def _write(self, work: Callable[[], Any]) -> tuple[Any, State, Exception | None]:
        """Change the journal; in its thread. A full disk keeps it in memory."""
        change, problem = None, None
        try:
            change = work()
        except WriteError as error:
            problem = error
        return change, journal_state(self.journal), problem

    def _written(self, outcome: tuple[Any, State, Exception | None]) -> None:
        _, self.state, problem = outcome
        if problem is not None:
            self._context.fail(problem)
        self.changed.emit()

    def _came_back(self, outcome: tuple[Any, State, Exception | None]) -> None:
        """Show on the layer what an undo or a redo has changed."""
        change: Change | None = outcome[0]
        if change is not None:
            self._apply(change)
        self._written(outcome)

    def _apply(self, change: Change) -> None:
        for piece in change.pieces:
            height, width = piece.after.shape
            cut = np.s_[
                piece.section,
                piece.top : piece.top + height,
                piece.left : piece.left + width,
            ]
            # What was painted over since then stays: its own change is on the way.
            now, kept = self._labels[cut], self._kept[cut]
            ours = (piece.before != piece.after) & (now == kept)
            kept[ours] = piece.after[ours]
            self._set(
                piece.section, piece.top, piece.left, np.where(ours, piece.after, now)
            )
        away = change.sections and self.section not in change.sections
        if away and self.layer is not None:
            show_section(self._context.viewer, self.layer, change.sections[0])

    def _set(self, section: int, top: int, left: int, labels: np.ndarray) -> None:
        """Change pixels of a box, and draw them anew where they are on screen."""
        height, width = labels.shape
        part = self._labels[section, top : top + height, left : left + width]
        rows, columns = np.nonzero(part != labels)
        if len(rows) == 0:
            return
        layer, busy = self.layer, self._busy
        if layer is None:
            part[...] = labels
            return
        indices: tuple[np.ndarray, ...] = (rows + top, columns + left)
        if layer.ndim > 2:
            lead = [np.zeros_like(rows)] * (layer.ndim - 3)
            indices = (*lead, np.full_like(rows, section), *indices)
        self._busy = True
        try:
            layer.data_setitem(indices, labels[rows, columns])
        finally:
            self._busy = busy

    def _read(self) -> tuple[np.ndarray, State]:
        annotations = self.journal.annotations()
        return np.asarray(annotations.labels), journal_state(self.journal)

    def _show_again(self, found: tuple[np.ndarray, State]) -> None:
        labels, self.state = found
        self._kept[...] = labels
        self._labels[...] = labels
        if self.layer is not None:
            self.layer.refresh()
        self.changed.emit()

    def _replaced(self, event: Any) -> None:
        """Take over other data of the same shape that somebody has given the layer."""
        shape = self._labels.shape
        data = np.asarray(self.layer.data)
        if data.dtype == np.uint8 and data.size == self._labels.size:
            self._labels = stack_of(self.layer)
            self._keep([(0, shape[0], 0, 0, shape[1], shape[2])])

    def _drop_layer(self) -> None:
        if self._strokes is not None:
            self._strokes.shut_down()
            self._strokes = None
        if self.layer is not None:
            self.layer.events.data.disconnect(self._replaced)
            self.layer = None


def is_annotation(layer: Any) -> bool:
    """Return whether a layer is one that is painted on."""
    tag = layer.metadata.get(KEY)
    return bool(tag) and tag["role"] == ROLE and tag["source"][:1] == ("teach",)
