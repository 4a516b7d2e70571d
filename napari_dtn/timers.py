"""Timers that fire once, and outlive neither their owner nor the window."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer


def single_shot(parent: QObject, ms: int, slot: Callable[[], object]) -> QTimer:
    """Return a timer that calls `slot` once, so long after it is started last."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(ms)
    timer.timeout.connect(slot)
    return timer


def stop_timers(*timers: QTimer) -> None:
    """Stop timers, but those that Qt has taken away with the window."""
    for timer in timers:
        if isalive(timer):
            timer.stop()
