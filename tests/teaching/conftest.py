"""Processes that teach, none of which outlives its test."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from apart import teach_apart

from dense_transformer.teaching import read_status


@pytest.fixture
def begin() -> Iterator[Callable[[Path], BaseProcess]]:
    """Begin a run in a process of its own; return that once it is running."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dense_transformer.teaching"])
    children: list[BaseProcess] = []

    def begin(run: Path) -> BaseProcess:
        running = context.Event()
        child = context.Process(target=teach_apart, args=(run, running))
        child.start()
        children.append(child)
        assert running.wait(60), read_status(run)
        return child

    yield begin
    for child in children:
        child.kill()
        child.join()
