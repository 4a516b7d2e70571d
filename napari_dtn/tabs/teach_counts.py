"""How much is annotated, in one sentence; and whether it is safe."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_dtn.tabs.still_label import StillLabel
from napari_dtn.teach_context import TeachContext
from napari_dtn.timers import single_shot, stop_timers

COUNT_MS = 300  # after the last stroke; places are counted in the thread
RETRY_MS = 5000  # while a full disk keeps changes in memory


class CountLine(QWidget):
    """Counts pixels and places of the chosen image some moments after a stroke."""

    def __init__(self, context: TeachContext) -> None:
        super().__init__()
        self._context, self._annotator = context, context.annotator
        self._label = StillLabel("How much is annotated")
        self._unsaved = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label)
        self._count = single_shot(self, COUNT_MS, self._count_places)
        self._retry = single_shot(self, RETRY_MS, self.save)
        self._annotator.changed.connect(self._changed)
        context.annotated.connect(self._look_at_disk)
        self._changed()

    @property
    def busy(self) -> bool:
        """Whether the places have yet to be counted."""
        return bool(self._count.isActive())

    def text(self) -> str:
        """Return the sentence."""
        return self._label.text()

    def save(self) -> None:
        """Try again to write what a full disk has kept in memory."""
        self._context.disk.save()

    def shut_down(self) -> None:
        """Count no more. May be called twice."""
        stop_timers(self._count, self._retry)

    def _changed(self) -> None:
        one = self._annotator.current
        self.setVisible(one is not None)
        if one is None:
            return
        if sum(one.state.pixels) == 0:
            self._label.setText("Nothing is annotated yet.", keep_room=True)
        self._count.start()

    def _look_at_disk(self) -> None:
        """Try again after a while as long as anything of any image isn't written."""
        unsaved = self._context.disk.unsaved
        if unsaved:
            self._retry.start()
        elif self._unsaved:
            self._context.say("Everything painted is saved now.")
        self._unsaved = unsaved

    def _count_places(self) -> None:
        one = self._annotator.current
        if one is None:
            return
        from dense_transformer.teaching import count

        journal = one.journal
        self._context.in_turn(
            lambda: count(journal.annotations()), partial(self._show, one)
        )

    def _show(self, one: Any, counts: Any) -> None:
        if one is not self._annotator.current or not sum(counts.pixels):
            return
        parts = [
            _many(counts.strokes, "group of strokes", "groups of strokes"),
            _many(counts.patches, "patch", "patches"),
        ]
        slices = ""
        if one.journal.shape[0] > 1:
            slices = f", on {_many(counts.sections, 'slice', 'slices')}"
        safe = "Saved."
        if one.state.unsaved:
            safe = f"{_many(one.state.unsaved, 'change is', 'changes are')} not saved."
        self._label.setText(
            f"{sum(counts.pixels):,} pixels in "
            f"{_many(counts.places, 'place', 'places')}"
            f" ({' and '.join(p for p in parts if p)}){slices}. {safe}",
            keep_room=True,
        )


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}" if count else ""
