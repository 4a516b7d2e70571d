"""Keeps Python's garbage collector from stopping the window while work is on."""

from __future__ import annotations

import gc


class QuietCollector:
    """Sets what exists aside while somebody holds it, so that no pass is long.

    napari and torch keep half a million objects alive. A full pass over them
    takes 150 to 300 ms, whichever thread it falls into, and nothing else runs
    meanwhile: it was the longest gap of all. Objects made while it is held are
    collected as ever; the others are when it is let go.
    """

    def __init__(self) -> None:
        self._held = False

    def hold(self) -> None:
        """Begin; once is enough."""
        if not self._held:
            self._held = True
            gc.freeze()

    def let_go(self) -> None:
        """End; once is enough."""
        if self._held:
            self._held = False
            gc.unfreeze()
