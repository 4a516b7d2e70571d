"""Processes that do long work and outlive the window that started them.

A child has a session of its own, so that neither Ctrl-C in the terminal of napari
nor its end reaches it; what it prints goes to a file; no pipe and no port joins it
to the window. It is found again by its number *and* the time it began, as systems
give numbers out again.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from dense_transformer.errors import RunError, WriteError
from dense_transformer.files import atomic_write

RECORD = "child.json"  # beside the log
LOG_BYTES = 1 << 20  # a log that has grown beyond this begins anew
NICENESS = 10  # the window goes first; where it rests the child has it all
# Two readings of the time at which a process began differ by what the clock was
# set meanwhile, as Linux counts from the start of the machine.
SAME_START_S = 5.0
_STARTED: dict[int, subprocess.Popen[bytes]] = {}  # by this process


@dataclass(frozen=True, slots=True)
class Child:
    """A process that was started, now or by another window.

    Attributes
    ----------
    pid : int
        Its number.
    began : float
        When it began, seconds since 1970.
    command : tuple of str
        What it runs.
    """

    pid: int
    began: float
    command: tuple[str, ...]


def start_child(
    command: Sequence[str],
    folder: Path,
    *,
    log: str = "log.txt",
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start a process that outlives this one; return at once.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; no shell reads them.
    folder : Path
        Where its log and the record of it are written.
    log : str
        Name of the file in `folder` that takes what it prints.
    environment : mapping or None
        Variables on top of this process's.

    Raises
    ------
    RunError
        If the program can't be started.
    WriteError
        If `folder` can't be written.
    """
    try:
        output = _open_log(folder / log)
    except OSError as error:
        raise WriteError(f"can't write {folder / log}: {error.strerror}") from error
    with output:
        try:
            process = _spawn(
                list(command), output, {**os.environ, **(environment or {})}
            )
        except OSError as error:
            raise RunError(f"can't start {command[0]}: {error.strerror}") from error
    _STARTED[process.pid] = process
    with contextlib.suppress(psutil.Error, OSError):  # it may be gone already
        _give_way(psutil.Process(process.pid))
    child = Child(process.pid, _began(process.pid), tuple(command))
    atomic_write(folder / RECORD, json.dumps(asdict(child), indent=1).encode())
    return child


def find_child(folder: Path) -> Child | None:
    """Return the process that was started on `folder` last, or None.

    It may have ended since; see `is_alive`.
    """
    try:
        record = json.loads((folder / RECORD).read_bytes())
        pid, began, command = record["pid"], record["began"], record["command"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    whole = isinstance(pid, int) and pid > 0 and isinstance(began, int | float)
    if not whole or not isinstance(command, list):
        return None
    return Child(pid, float(began), tuple(map(str, command)))


def is_alive(child: Child) -> bool:
    """Return whether the process runs, and is the one that was meant."""
    exit_status(child)  # reaps it
    return _process(child) is not None


def exit_status(child: Child) -> int | None:
    """Return how a child of this very process ended; None if unknown or running.

    Negative: the signal that killed it. All that have ended are reaped.
    """
    for started in _STARTED.values():
        started.poll()
    process = _STARTED.get(child.pid)
    return None if process is None else process.poll()


def end_child(child: Child, seconds: float = 2.0) -> bool:
    """Kill the process and what it started; return whether it is gone.

    Asking kindly is the business of the files in its folder. Waits for up to
    `seconds`.
    """
    process = _process(child)
    if process is None:
        return True
    with contextlib.suppress(psutil.Error):
        family = [process, *process.children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()
        psutil.wait_procs(family, timeout=seconds)
    return not is_alive(child)


def last_words(folder: Path, log: str = "log.txt", lines: int = 12) -> str:
    """Return the end of what the child printed; empty where there is nothing."""
    try:
        with (folder / log).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    # A progress line overwrites itself: only its last state was ever meant.
    shown = [line.rsplit("\r", 1)[-1] for line in text.rstrip().split("\n")]
    return "\n".join(shown[-lines:])


def _process(child: Child) -> psutil.Process | None:
    """Return the running process of a child, or None."""
    try:
        process = psutil.Process(child.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        same = abs(process.create_time() - child.began) < SAME_START_S
    except psutil.Error:
        return None
    return process if same else None


def _began(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:  # gone already
        return 0.0


def _open_log(path: Path) -> Any:
    """Return the file that takes the output, at its end."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.unlink()
    return path.open("ab")


def _spawn(
    command: list[str], output: Any, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start the program in a session of its own."""
    options: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": output,
        "stderr": subprocess.STDOUT,
        "close_fds": True,  # no lock of this process's is inherited
        "env": environment,
    }
    if sys.platform != "win32":
        return subprocess.Popen(command, start_new_session=True, **options)
    flags = (
        subprocess.CREATE_NO_WINDOW
        | subprocess.CREATE_NEW_PROCESS_GROUP
        | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    )
    try:  # a terminal that ends everything it started must not end this
        return subprocess.Popen(
            command, creationflags=flags | subprocess.CREATE_BREAKAWAY_FROM_JOB,
            **options,
        )  # fmt: skip
    except PermissionError:  # not allowed to leave it
        return subprocess.Popen(command, creationflags=flags, **options)


def _give_way(process: psutil.Process) -> None:
    """Let the window go first; before the child has threads, which inherit it."""
    if sys.platform != "win32":
        process.nice(max(NICENESS, process.nice()))
