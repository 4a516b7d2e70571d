"""Reads a file of events as it grows, whole lines only, a bounded piece at a time.

Pure: knows neither napari nor Qt.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

PIECE = 1 << 20  # bytes read at a time
LONGEST = 1 << 16  # bytes of a line; longer ones aren't ours


class EventTail:
    """What was added to ``events.jsonl`` since the last look.

    A last line without its end is still being written, or was torn by a crash: it
    waits. A file that is shorter than what was read has been begun anew.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.anew = False  # whether the last look began at the beginning again
        self._at = 0
        self._inode = 0

    def read(self) -> list[dict[str, Any]]:
        """Return the new events, oldest first; lines that are no events are left out.

        Reads no more than `PIECE` bytes: call again while something comes.
        """
        self.anew = False
        try:
            with self.path.open("rb") as file:
                piece = self._piece(file)
        except OSError:  # not there yet, or out of reach for a moment
            return []
        end = piece.rfind(b"\n") + 1
        if end == 0 and len(piece) > LONGEST:
            end = len(piece)  # no line of ours: go past it
        self._at += end
        found = (_event(line) for line in piece[:end].splitlines())
        return [event for event in found if event is not None]

    def _piece(self, file: Any) -> bytes:
        """Return the bytes behind those that were read."""
        there = os.fstat(file.fileno())
        if there.st_size < self._at or there.st_ino != self._inode:
            self.anew = self._at > 0
            self._at, self._inode = 0, there.st_ino
        file.seek(self._at)
        return bytes(file.read(PIECE))


def _event(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line, or None: others write there too, after crashes."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    return event if isinstance(event.get("step", 0), int) else None
