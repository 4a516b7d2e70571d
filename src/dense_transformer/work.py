"""Long work as generators: they yield Progress, return a result, can be closed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from dense_transformer.types import Progress

T = TypeVar("T")


def finish(
    work: Generator[Progress, None, T], watch: Callable[[Progress], None] | None = None
) -> T:
    """Run `work` to its end and return its result, showing progress to `watch`."""
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        if watch is not None:
            watch(progress)
