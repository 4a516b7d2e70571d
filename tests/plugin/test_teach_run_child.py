"""A child outlives its window and is found again, and nothing else is taken for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from napari_dtn.child import (
    Child,
    end_child,
    exit_status,
    find_child,
    is_alive,
    last_words,
    start_child,
)

SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


@pytest.fixture
def start(tmp_path):
    children: list[Child] = []

    def begin(script: str = SLEEP, **options) -> Child:
        children.append(
            start_child([sys.executable, "-c", script], tmp_path, **options)
        )
        return children[-1]

    yield begin
    for child in children:
        end_child(child)


def test_a_child_outlives_the_process_that_started_it(tmp_path: Path):
    parent = f"""
import sys
from pathlib import Path
from napari_dtn.child import start_child
start_child([sys.executable, "-c", {SLEEP!r}], Path({str(tmp_path)!r}))
print("started", flush=True)
sys.stdin.read()
"""
    window = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert window.stdout is not None
    assert window.stdout.readline() == b"started\n"
    window.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    window.wait()
    window.stdin.close()
    window.stdout.close()
    child = find_child(tmp_path)
    assert child is not None
    try:
        until(lambda: last_words(tmp_path) == "up")
        assert is_alive(child)
    finally:
        assert end_child(child)
    assert not is_alive(child)


@pytest.mark.skipif(os.name == "nt", reason="sessions are POSIX")
def test_a_child_is_out_of_reach_of_the_terminals_signals(start):
    child = start()
    assert os.getsid(child.pid) == child.pid != os.getsid(0)


@pytest.mark.skipif(os.name == "nt", reason="niceness is POSIX")
def test_the_window_goes_before_the_child(start):
    assert psutil.Process(start().pid).nice() > psutil.Process().nice()


def test_another_process_of_the_same_number_is_not_the_child(start):
    child = start()
    assert is_alive(child)
    assert not is_alive(replace(child, began=child.began - 3600))
    assert end_child(replace(child, began=child.began - 3600))  # nothing to end
    assert is_alive(child)


def test_a_killed_child_is_dead_though_nobody_has_waited_for_it(start):
    child = start()
    psutil.Process(child.pid).kill()
    until(lambda: not is_alive(child))


def test_how_a_child_ended_is_known_to_its_window(start):
    child = start("raise SystemExit(3)")
    until(lambda: exit_status(child) is not None)
    assert exit_status(child) == 3
    assert not is_alive(child)


def test_a_child_holds_no_file_of_its_window(start, tmp_path: Path):
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        child = start()
        files = [f.path for f in psutil.Process(child.pid).open_files()]
    assert str(tmp_path / "held") not in files


def test_no_zombie_is_left_though_nobody_asks_after_it(start, tmp_path: Path):
    ended, other = start("pass"), start()

    def gone() -> bool:
        is_alive(other)  # the window follows another run meanwhile
        return not psutil.pid_exists(ended.pid)

    until(gone)


@pytest.mark.skipif(os.name == "nt", reason="descriptors are POSIX")
def test_the_window_keeps_no_pipe_of_a_child(start):
    before = psutil.Process().num_fds()
    child = start()
    assert psutil.Process().num_fds() == before
    end_child(child)
    assert psutil.Process().num_fds() == before
    assert not psutil.pid_exists(child.pid)


def test_last_words_are_the_end_of_the_log_as_a_terminal_shows_it(start, tmp_path):
    child = start("print('first'); print('1 %\\r2 %\\r3 %'); raise ValueError('why')")
    until(lambda: not is_alive(child))
    words = last_words(tmp_path)
    assert words.startswith("first\n3 %\n")
    assert words.endswith("ValueError: why")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": "1"}', b'{"pid": -1, "began": 1}']
)
def test_a_torn_record_is_no_child(tmp_path: Path, content: bytes):
    (tmp_path / "child.json").write_bytes(content)
    assert find_child(tmp_path) is None


def test_a_program_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(RuntimeError, match="no-such-program"):
        start_child(["no-such-program"], tmp_path)
