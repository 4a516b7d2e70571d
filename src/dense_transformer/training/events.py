"""What happened in a run, one JSON object a line, only ever appended to."""

from __future__ import annotations

import json
import math
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dense_transformer.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Event = dict[str, Any]


@contextmanager
def appending(path: Path) -> Iterator[Callable[[Event], None]]:
    """Yield a function that appends an event, after cutting off a torn last line.

    Raises
    ------
    WriteError
        If the disk is full or the file can't be written.
    """
    try:
        handle = os.open(
            path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666
        )
    except OSError as error:
        raise WriteError(f"can't write {path}: {error.strerror}") from error

    def append(event: Event) -> None:
        line = (json.dumps(_plain(event), allow_nan=False) + "\n").encode()
        start = os.lseek(handle, 0, os.SEEK_END)
        try:
            written = os.write(handle, line)
            while written < len(line):  # a full disk takes a part before it fails
                written += os.write(handle, line[written:])
        except OSError as error:
            os.ftruncate(handle, start)
            raise WriteError(
                f"can't write {path}: {error.strerror}; free some space and start "
                f"the run again, it goes on from its last save"
            ) from error

    try:
        _cut_torn_line(handle)
        yield append
    finally:
        os.close(handle)


def read_events(path: Path) -> tuple[Event, ...]:
    """Return the events of a run as if it had never been interrupted.

    Steps that were done again after a resume are left out the first time;
    a torn last line and lines that aren't JSON objects are left out too.
    """
    events: list[Event] = []
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    for line in content.splitlines(keepends=True):
        event = _event(line)
        if event is None:
            continue
        if event["event"] == "start":
            events = [e for e in events if e.get("step", 0) <= event["step"]]
        events.append(event)
    return tuple(events)


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    return event if isinstance(event.get("step"), int) else None


def _cut_torn_line(handle: int) -> None:
    """Cut the file behind its last line end; looks at its last megabyte."""
    size = os.lseek(handle, 0, os.SEEK_END)
    start = max(0, size - 1_000_000)
    os.lseek(handle, start, os.SEEK_SET)
    tail = os.read(handle, size - start)
    os.ftruncate(handle, start + tail.rfind(b"\n") + 1)


def _plain(value: Any) -> Any:
    """Return `value` with what JSON lacks, NaN and infinity, as null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
