"""Steps that are left open are as many as a minute has room for on this machine."""

from __future__ import annotations

import json

import pytest
from small_lessons import make_project, make_run, small_teaching, weights_of

from dense_transformer.config import TeachConfig, TrainConfig
from dense_transformer.errors import WriteError
from dense_transformer.teaching import (
    Project,
    amount,
    begin_run,
    pace_file,
    pacing,
    read_teaching,
    teach,
)
from dense_transformer.teaching.amount import steps_in_time
from dense_transformer.teaching.pace_file import note_pace, pace_key, read_pace
from dense_transformer.teaching.repeating import repeat_run
from dense_transformer.work import finish


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Remember nothing of other tests."""
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("most", "step_s", "windows", "steps"),
    [
        (160, 0.2, 3, 160), (160, 0.258, 3, 160), (160, 0.26, 3, 150),
        (160, 0.535, 3, 70), (160, 0.626, 3, 60), (160, 9.0, 3, 60), (100, 0.2, 0, 100),
        (100, 0.535, 0, 90), (160, 0.258, 12, 100), (7, 9.0, 3, 7), (65, 9.0, 3, 60),
    ],
)  # fmt: skip
def test_as_many_steps_are_taken_as_a_minute_has_room_for(most, step_s, windows, steps):
    assert steps_in_time(most, step_s, windows) == steps


def test_what_was_measured_counts_until_it_is_far_off(home):
    assert read_pace("a") is None
    note_pace("a", 0.5)
    for near in (0.4, 0.7):
        note_pace("a", near)
        assert read_pace("a") == 0.5
    note_pace("b", 2.0)
    note_pace("a", 0.8)
    assert (read_pace("a"), read_pace("b")) == (0.8, 2.0)


def test_only_so_many_machines_are_remembered_the_last_ones(monkeypatch):
    monkeypatch.setattr(pace_file, "_MOST", 3)
    for number in range(5):
        note_pace(str(number), 1.0)
    assert [read_pace(str(n)) for n in range(5)] == [None, None, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"a": -1.0}',
        '{"a": "x"}',
        '{"a": NaN}',
        '{"a": true}',
        "[" * 9999,
    ],
)
def test_a_damaged_file_is_measured_anew(home, content):
    home.mkdir()
    (home / "pace.json").write_text(content)
    assert read_pace("a") is None
    note_pace("a", 0.25)
    assert read_pace("a") == 0.25


def test_where_nothing_can_be_written_nothing_is_remembered(monkeypatch):
    def full(path, content):
        raise WriteError("the disk is full")

    monkeypatch.setattr(pace_file, "atomic_write", full)
    note_pace("a", 0.25)
    assert read_pace("a") is None


def test_the_time_of_a_step_is_that_of_a_network_a_batch_and_a_device():
    base = TrainConfig()
    keys = {
        pace_key(base, "cpu (2 threads)", (160, 160)),
        pace_key(base, "cpu (1 thread)", (160, 160)),
        pace_key(base, "cpu (2 threads)", (96, 96)),
        pace_key(TrainConfig(batch=7), "cpu (2 threads)", (160, 160)),
        pace_key(TrainConfig(precision="bfloat16"), "cpu (2 threads)", (160, 160)),
    }
    assert len(keys) == 5


@pytest.fixture
def few(monkeypatch):
    """Make open steps 8, 6 or 4, and note how often a step is measured."""
    for name, steps in (("STEPS", 8), ("FEW_STEPS", 6), ("LEAST_STEPS", 4)):
        monkeypatch.setattr(amount, name, steps)
    monkeypatch.setattr(amount, "LITTLE", 9)
    measured: list[float] = []
    monkeypatch.setattr(
        pacing, "_seconds", lambda tuner, batch: measured.append(tuner) or 9.0
    )
    return measured


def test_a_slow_machine_takes_fewer_steps_and_nothing_else_is_different(tmp_path, few):
    run = make_run(tmp_path / "a", steps=0)
    assert read_teaching(run).steps == 8  # the most
    result = finish(teach(run))
    assert (result.steps, read_teaching(run).steps, len(few)) == (4, 4, 2)
    asked = make_run(tmp_path / "b", steps=4)
    finish(teach(asked))
    for name in ("last", "best"):
        assert weights_of(run / f"{name}.safetensors") == weights_of(
            asked / f"{name}.safetensors"
        )


def test_what_is_asked_for_is_taken_and_not_measured(tmp_path, few):
    assert finish(teach(make_run(tmp_path / "p", steps=3))).steps == 3
    assert not few


def test_the_next_run_and_the_same_again_take_as_many_without_measuring(
    tmp_path, few, monkeypatch
):
    monkeypatch.setattr(pacing.Pacing, "note", lambda self, s: note_pace(self.key, 9.0))
    finish(teach(make_run(tmp_path / "p", steps=0)))
    del few[:]
    with Project.open(tmp_path / "p") as project:
        again = repeat_run(project, project.runs[0])
        next_one = begin_run(project, small_teaching(steps=0))
    monkeypatch.setattr(amount, "LEAST_STEPS", 2)  # what it took stands in the run
    assert finish(teach(again)).steps == 4
    monkeypatch.setattr(amount, "LEAST_STEPS", 4)
    assert (finish(teach(next_one)).steps, few) == (4, [])


def test_of_two_steps_nobody_learns_how_long_one_takes(tmp_path, home):
    """The first waits for much, and must not take steps from the next run."""
    finish(teach(make_run(tmp_path / "p", steps=2)))
    assert not (home / "pace.json").exists()
    finish(teach(make_run(tmp_path / "q", steps=3)))
    assert (home / "pace.json").exists()


def test_a_run_that_was_broken_off_keeps_its_number(tmp_path, few, monkeypatch):
    run = make_run(tmp_path / "p", steps=0)
    work = teach(run)
    while next(work).done < 2:
        pass
    work.close()
    monkeypatch.setattr(amount, "LEAST_STEPS", 2)
    assert finish(teach(run)).steps == 4


def test_what_steps_took_counts_for_the_next_run_where_it_is_far_off(tmp_path, few):
    finish(teach(make_run(tmp_path / "p", steps=0)))
    kept = json.loads((tmp_path / "home" / "pace.json").read_bytes())
    (seconds,) = kept.values()
    assert 0 < seconds < 3, "9 s were measured"
    with Project.open(tmp_path / "p") as project:
        run = begin_run(project, small_teaching(steps=0))
    assert finish(teach(run)).steps == 8
    assert len(few) == 2  # of the first


def test_settings_that_are_open_say_so_before_and_what_was_settled_after(tmp_path, few):
    with make_project(tmp_path / "p") as project:
        run = begin_run(project, TeachConfig(device="cpu", threads=1, patch=(32, 32)))
    said = json.loads((run / "teach.json").read_bytes())
    assert (said["open_steps"], said["config"]["steps"]) == (True, 8)
    messages = []
    finish(teach(run), lambda progress: messages.append(progress.message))
    said = json.loads((run / "teach.json").read_bytes())
    assert (said["open_steps"], said["config"]["steps"]) == (False, 4)
    assert "timing a step" in messages
