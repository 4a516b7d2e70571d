"""Stopping: the first Ctrl-C or SIGTERM asks, the second ends at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dense_transformer.cli.console import note


class StopRequest:
    """Whether a signal asked to stop, and which."""

    def __init__(self) -> None:
        self.signal_number = 0

    def __call__(self) -> bool:
        """Return whether to stop; what `train` and `predict` ask again and again."""
        return self.signal_number != 0

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, 143 after SIGTERM, as shells have it; else 0."""
        return 128 + self.signal_number if self.signal_number else 0


@contextmanager
def stop_on_signal(loss: str) -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a request while the block runs.

    Parameters
    ----------
    loss : str
        What is saved or lost, for the notice.
    """
    request = StopRequest()

    def ask(number: int, frame: FrameType | None) -> None:
        if request():
            raise KeyboardInterrupt
        request.signal_number = number
        note(f"dtn: stopping; {loss}")

    before = {
        number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
