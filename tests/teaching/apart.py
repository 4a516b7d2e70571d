"""Runs that are taught by a process of their own, and waiting for what they say."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import torch

from dense_transformer.teaching import teach
from dense_transformer.teaching.status import read_said
from dense_transformer.work import finish


def teach_apart(run: Path, running: Event) -> None:
    """Teach a run to its end; tell when it says that it is running."""
    torch.set_num_threads(1)

    def note(progress: object) -> None:
        said = None if running.is_set() else read_said(run)
        if said is not None and said.state == "running":
            running.set()

    finish(teach(run), note)


def until(claim: Callable[[], bool], seconds: float = 30.0) -> float:
    """Poll until a claim holds, as a folder rings no bell; return the seconds taken."""
    begin = time.monotonic()
    while not claim():
        assert time.monotonic() - begin < seconds
        time.sleep(0.005)
    return time.monotonic() - begin
