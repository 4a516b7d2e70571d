"""Keeps Python's garbage collector from stopping the window while work is on."""

from __future__ import annotations

import gc

_holders: set[int] = set()


class QuietCollector:
    """Sets what exists aside while somebody holds it, so that no pass is long.

    napari and torch keep half a million objects alive. A full pass over them
    takes 150 to 300 ms, whichever thread it falls into, and nothing else runs
    meanwhile: it was the longest gap of all. Objects made while it is held are
    collected as ever; the others are when the last holder lets go.
    """

    def hold(self) -> None:
        """Begin; once is enough."""
        if not _holders:
            gc.freeze()
        _holders.add(id(self))

    def let_go(self) -> None:
        """End; once is enough."""
        if _holders:
            _holders.discard(id(self))
            if not _holders:
                gc.unfreeze()
