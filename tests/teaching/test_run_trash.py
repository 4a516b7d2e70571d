"""A discarded run that is brought back is what it was before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_lessons import make_run as make_real_run

from dense_transformer import finish
from dense_transformer.errors import RunError
from dense_transformer.teaching import discard, teach
from dense_transformer.teaching.control import put_away
from dense_transformer.teaching.status import RunStatus, read_status, write_status
from dense_transformer.teaching.trash import bring_back, can_bring_back


def make_run(folder, status, learned=True):
    folder.mkdir()
    (folder / "best.safetensors").write_bytes(b"best")
    if learned:
        (folder / "state.pt").write_bytes(b"state")
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


def test_discarding_again_takes_nothing_out_of_the_trash(tmp_path):
    said = RunStatus("finished", 24, 24, "better", improved=True)
    run = make_run(tmp_path / "0001", said)
    for _ in range(2):
        put_away(run)
        discard(run)
    bring_back(run)
    assert read_status(run) == said
    assert (run / "best.safetensors").read_bytes() == b"best"


def test_a_run_that_learned_nothing_takes_no_place_in_the_trash(tmp_path):
    first = make_run(tmp_path / "0001", RunStatus("finished", 24, 24))
    put_away(first)
    second = make_run(tmp_path / "0002", RunStatus("probing", 0, 24), learned=False)
    put_away(second)
    assert not can_bring_back(second)
    assert not list(second.glob("*.safetensors"))
    bring_back(first)
    assert (first / "best.safetensors").read_bytes() == b"best"
    third = make_run(tmp_path / "0003", RunStatus("probing", 0, 24), learned=False)
    put_away(third)
    assert can_bring_back(third)  # none is there that has learned


def test_a_run_that_is_discarded_at_work_comes_back_with_all_its_steps(tmp_path):
    run = make_real_run(tmp_path / "p", steps=100, save_every=50)
    for progress in (work := teach(run)):
        if progress.done == 3:
            discard(run)
    assert work.gi_frame is None
    status = read_status(run)
    assert status.state == "discarded"
    assert status.step >= 3
    bring_back(run)
    back = replace(status, state="stopped", message="brought back")
    assert read_status(run) == back
    steps = (p.done for p in teach(run) if "loss" in dict(p.values))
    assert next(steps) == status.step + 1


def test_a_process_that_comes_late_leaves_a_discarded_run_alone(tmp_path):
    run = make_real_run(tmp_path / "p", steps=2)
    said = (finish(teach(run)), read_status(run))[1]
    put_away(run)  # while the process, which began before, loads
    with pytest.raises(RunError, match="bring it back"):
        finish(teach(run))
    assert read_status(run).state == "discarded"
    bring_back(run)
    assert read_status(run) == said
    assert finish(teach(run)).best is not None
