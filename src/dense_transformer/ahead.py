"""Results worked out ahead of who needs them, in threads and in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

T = TypeVar("T")
R = TypeVar("R")


class Ahead(Generic[T, R]):
    """The results of ``work(item)`` for item after item; use it in a ``with`` block.

    Where `work` is a function of the item alone, threads change nothing but the
    time. Leaving the block waits for what is being worked on, and begins no other.

    Parameters
    ----------
    work : callable
        Makes a result of an item; called in threads.
    items : iterable
        What to work on, drawn as needed.
    ahead : int
        How many are worked on before they are asked for.
    threads : int
        How many at a time.
    name : str
        Of the threads.
    """

    def __init__(
        self,
        work: Callable[[T], R],
        items: Iterable[T],
        *,
        ahead: int,
        threads: int = 1,
        name: str = "dtn-ahead",
    ) -> None:
        self._work, self._items = work, iter(items)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._waiting: deque[tuple[T, Future[R]]] = deque()
        for _ in range(ahead):
            self._begin()

    def __len__(self) -> int:
        """Return how many results are begun and not taken; 0 only at the end."""
        return len(self._waiting)

    def take(self) -> tuple[T, R]:
        """Return the next item and its result.

        What working on *any* begun item raised is raised as soon as it is known:
        whoever needs all of them should not compute for nothing until then.

        Raises
        ------
        IndexError
            If all have been taken.
        """
        for _, future in self._waiting:
            if future.done() and (error := future.exception()) is not None:
                raise error
        item, future = self._waiting.popleft()
        result = future.result()
        self._begin()
        return item, result

    def _begin(self) -> None:
        for item in self._items:
            self._waiting.append((item, self._pool.submit(self._work, item)))
            return

    def __enter__(self) -> Ahead[T, R]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()
