"""Stopping: the first Ctrl-C or SIGTERM asks, another one ends at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

ECHO_S = 1.0  # signals that come twice, as torchrun may send them, count once


class StopRequest:
    """Whether a signal asked to stop, and which."""

    def __init__(self) -> None:
        self.signal_number = 0
        self.when_s = 0.0

    def __call__(self) -> bool:
        """Return whether to stop; what `train` and `predict` ask again and again."""
        return self.signal_number != 0

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, 143 after SIGTERM, as shells have it; else 0."""
        return 128 + self.signal_number if self.signal_number else 0


@contextlib.contextmanager
def stop_on_signal(loss: str) -> Iterator[StopRequest]:
    """Turn SIGINT, SIGTERM and a lost terminal into a request, within the block.

    Parameters
    ----------
    loss : str
        What is saved or lost, for the notice.
    """
    request = StopRequest()

    def ask(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not request():
            request.signal_number, request.when_s = number, now
            _write(f"\ndtn: stopping; {loss}\n")
        elif now - request.when_s > ECHO_S:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in _signals()}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signals() -> list[signal.Signals]:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        numbers.append(signal.SIGHUP)  # ignored under nohup, and then left so
    return numbers


def _write(text: str) -> None:
    """Write to stderr from a handler, which may have interrupted another write."""
    with contextlib.suppress(OSError):
        os.write(2, text.encode())
