from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from dense_transformer.errors import RunError
from dense_transformer.training.lock import locked

HOLDER = """
import sys
from pathlib import Path
from dense_transformer.training.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_is_in_use_names_its_process(tmp_path):
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=f"in use by process {holder.pid};"):
            locked(path).__enter__()
        holder.kill()
        holder.wait()
        with locked(path):  # the lock of a dead process keeps nobody out
            assert path.read_text().split() == [str(os.getpid()), platform.node()]
    finally:
        holder.kill()
        holder.communicate()


def test_two_runs_in_one_process_keep_each_other_out(tmp_path):
    first = locked(tmp_path / "lock")
    with first, pytest.raises(RunError, match="use another folder"):
        locked(tmp_path / "lock").__enter__()
    with locked(tmp_path / "lock"):
        pass


def test_a_lock_is_let_go_when_its_block_fails(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path / "lock"):
        raise KeyError
    with locked(tmp_path / "lock"):
        pass


def test_a_holder_on_another_machine_is_named_with_it(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        path.write_text("12 node7\n")
        with pytest.raises(RunError, match="in use by process 12 on node7;"):
            locked(path).__enter__()


def test_a_lock_that_was_let_go_names_nobody(tmp_path):
    with locked(tmp_path / "lock"):
        pass
    assert (tmp_path / "lock").read_text() == ""
