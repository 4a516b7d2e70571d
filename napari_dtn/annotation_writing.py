"""The journal of one image, written in the project's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from dense_transformer.errors import WriteError
from napari_dtn.teach_opening import State, journal_state

if TYPE_CHECKING:
    from dense_transformer.teaching import Change, SparseLabels
    from napari_dtn.teach_context import TeachContext

# What a change of the journal led to: the change, the state, and what went wrong.
Outcome = tuple[Any, State, Exception | None]


class JournalWriter(QObject):
    """Changes a journal, one change after the other, without holding up the window.

    Parameters
    ----------
    context : TeachContext
        In whose thread everything is written.
    journal : Journal
        Of one image.
    state : State
        As it is now.
    known : SparseLabels
        What is painted now.

    Attributes
    ----------
    state : State
        Counts and patches as the journal has them; some milliseconds late.
    depth : int
        Changes of the person that stand, more or fewer than at first: one less after
        an undo. What comes by itself isn't counted.
    """

    changed = Signal()  # `state` is new
    came_back = Signal(object)  # Change that an undo or a redo has made

    def __init__(
        self, context: TeachContext, journal: Any, state: State, known: SparseLabels
    ) -> None:
        super().__init__(context)
        self._context, self._journal = context, journal
        self.state, self._known = state, known
        self.depth = 0

    def ask(
        self, work: Callable[[], Any], then: Callable[[], None] | None = None
    ) -> None:
        """Make a change of the person's in its turn.

        `then` is called once `state` knows of it.
        """
        self.depth += 1
        self.follow_up(work, then)

    def follow_up(
        self, work: Callable[[], Any], then: Callable[[], None] | None = None
    ) -> None:
        """Do in its turn what nobody has just done, such as filling what waited."""
        self._context.in_turn(partial(self._write, work), partial(self._written, then))

    def undo(self) -> None:
        """Take back the last change."""
        self._turn(self._journal.undo, -1)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._turn(self._journal.redo, 1)

    def read(self, then: Callable[[Change], None]) -> None:
        """Give what somebody else has changed, such as an import, to `then`."""

        def take(found: tuple[Change, State]) -> None:
            change, self.state = found
            then(change)
            self.changed.emit()

        self._context.in_turn(self._read, take)

    def _turn(self, work: Callable[[], Any], by: int) -> None:
        self.depth += by
        self._context.in_turn(partial(self._write, work), partial(self._came_back, by))

    def _write(self, work: Callable[[], Any]) -> Outcome:
        """Change the journal; in its thread. A full disk keeps it in memory."""
        change, problem = None, None
        foreign = any(True for _ in self._known.changes(self._labels()))
        try:
            change = work()
        except WriteError as error:
            problem = error
        if not foreign:  # else `read` has yet to tell of what somebody else did
            self._known = self._labels()
        return change, journal_state(self._journal), problem

    def _labels(self) -> SparseLabels:
        labels: SparseLabels = self._journal.annotations().labels
        return labels

    def _written(self, then: Callable[[], None] | None, outcome: Outcome) -> None:
        _, self.state, problem = outcome
        if then is not None:
            then()
        self._context.disk.tell(problem)
        self.changed.emit()

    def _came_back(self, by: int, outcome: Outcome) -> None:
        if outcome[0] is not None:
            self.came_back.emit(outcome[0])
        else:  # there was nothing
            self.depth -= by
        self._written(None, outcome)

    def _read(self) -> tuple[Change, State]:
        """Return what the journal has and we haven't changed; in its thread."""
        from dense_transformer.teaching import Change, Piece

        before, self._known = self._known, self._labels()
        pieces = tuple(
            Piece(section, box[0], box[1], old, new)
            for section, box, old, new in before.changes(self._known)
        )
        return Change(0, pieces), journal_state(self._journal)
