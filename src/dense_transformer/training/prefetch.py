"""Batches drawn ahead of the step that needs them, in threads."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")


class Prefetch(Generic[T]):
    """The results of ``draw(step)`` for step, step + 1, ..., in order.

    Since `draw` is a function of the step alone, threads change nothing but
    the time: a result is the same whoever draws it, and whenever.

    Parameters
    ----------
    draw : callable
        Makes the batch of a step.
    first, end : int
        Steps to be drawn, half open.
    ahead : int
        How many are drawn before they are asked for.
    """

    def __init__(
        self, draw: Callable[[int], T], first: int, end: int, ahead: int = 3
    ) -> None:
        self._draw = draw
        self._steps = iter(range(first, end))
        threads = min(ahead, max(1, (os.cpu_count() or 1) // 2))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="dtn-batches")
        self._waiting: deque[Future[T]] = deque()
        for _ in range(ahead):
            self._ask()

    def take(self) -> T:
        """Return the next batch; raises what drawing any raised, once it is known.

        Raises
        ------
        IndexError
            If all steps have been taken.
        """
        for future in self._waiting:
            if future.done() and (error := future.exception()) is not None:
                raise error
        batch = self._waiting.popleft().result()
        self._ask()
        return batch

    def _ask(self) -> None:
        step = next(self._steps, None)
        if step is not None:
            self._waiting.append(self._pool.submit(self._draw, step))

    def __enter__(self) -> Prefetch[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()
