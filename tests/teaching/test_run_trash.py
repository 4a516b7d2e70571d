"""A discarded run that is brought back is what it was before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dense_transformer.errors import RunError
from dense_transformer.teaching.status import RunStatus, read_status, write_status
from dense_transformer.teaching.trash import bring_back, can_bring_back, put_away


def make_run(folder, status):
    folder.mkdir()
    (folder / "best.safetensors").write_bytes(b"best")
    write_status(folder, status)
    return folder


@pytest.mark.parametrize("state", ["finished", "kept"])
def test_a_run_that_was_done_is_done_again(tmp_path, state):
    said = RunStatus(state, 24, 24, "better", improved=True)
    run = make_run(tmp_path / "0001", said)
    put_away(run)
    assert read_status(run) == replace(said, state="discarded", message="discarded")
    bring_back(run)
    assert read_status(run) == said
    assert (run / "best.safetensors").read_bytes() == b"best"
    assert not can_bring_back(run)


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_run_that_was_not_done_is_stopped(tmp_path, state):
    run = make_run(tmp_path / "0001", RunStatus(state, 3, 24))
    put_away(run)
    bring_back(run)
    assert read_status(run) == RunStatus("stopped", 3, 24, "brought back")


def test_only_the_last_that_was_discarded_comes_back(tmp_path):
    first = make_run(tmp_path / "0001", RunStatus("finished", 24, 24))
    put_away(first)
    put_away(make_run(tmp_path / "0002", RunStatus("finished", 24, 24)))
    with pytest.raises(RunError, match="gone for good"):
        bring_back(first)
