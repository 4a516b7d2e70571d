"""Keeps Python's garbage collector from stopping the window while work is on."""

from __future__ import annotations

import gc

SELDOM = 100
_holders: set[int] = set()
_usual: list[tuple[int, int, int]] = []


class QuietCollector:
    """Sets what exists aside while somebody holds it, so that no pass is long.

    napari and torch keep half a million objects alive. A full pass over them
    takes 150 to 300 ms, whichever thread it falls into, and nothing else runs
    meanwhile: it was the longest gap of all. Of the objects made while it is held,
    those that die young are collected as ever, and the few that grow old a hundred
    times less often (a pass over what importing torch makes took 90 ms); the others
    are when the last holder lets go.
    """

    def hold(self) -> None:
        """Begin; once is enough."""
        if not _holders:
            gc.freeze()
            _usual.append(gc.get_threshold())
            gc.set_threshold(*_usual[0][:2], SELDOM * _usual[0][2])
        _holders.add(id(self))

    def let_go(self) -> None:
        """End; once is enough."""
        if _holders:
            _holders.discard(id(self))
            if not _holders:
                gc.set_threshold(*_usual.pop())
                gc.unfreeze()
