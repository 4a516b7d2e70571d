"""Which changes can be taken back, and which of those can be done again."""

from __future__ import annotations

LONGEST = 1000  # changes that can be taken back
LARGEST = 2**27  # bytes of their records


class UndoStack:
    """Numbers of changes in the order in which they were made, across sections.

    A new change forgets what was taken back before it. Only the last `LONGEST`
    can be taken back; older ones stay as they are.
    """

    def __init__(self) -> None:
        self._records: dict[int, bytes] = {}
        self._done: list[int] = []
        self._undone: list[int] = []
        self._bytes = 0

    @property
    def done(self) -> tuple[bytes, ...]:
        """Records of the changes that stand, oldest first."""
        return tuple(self._records[n] for n in self._done)

    @property
    def undone(self) -> tuple[bytes, ...]:
        """Records of the changes that were taken back, the last one first."""
        return tuple(self._records[n] for n in reversed(self._undone))

    def push(self, number: int, record: bytes) -> None:
        """Note a new change."""
        for forgotten in self._undone:
            self._forget(forgotten)
        self._undone.clear()
        self._done.append(number)
        self._records[number] = record
        self._bytes += len(record)
        while len(self._done) > 1 and (
            len(self._done) > LONGEST or self._bytes > LARGEST
        ):
            self._forget(self._done.pop(0))

    def next_undo(self) -> tuple[int, bytes] | None:
        """Return number and record of the change to take back next, if any."""
        return self._top(self._done)

    def next_redo(self) -> tuple[int, bytes] | None:
        """Return number and record of the change to do again next, if any."""
        return self._top(self._undone)

    def undo(self) -> None:
        """Note that the last change was taken back."""
        self._undone.append(self._done.pop())

    def redo(self) -> None:
        """Note that the change taken back last was done again."""
        self._done.append(self._undone.pop())

    def _forget(self, number: int) -> None:
        self._bytes -= len(self._records.pop(number))

    def _top(self, numbers: list[int]) -> tuple[int, bytes] | None:
        return (numbers[-1], self._records[numbers[-1]]) if numbers else None
