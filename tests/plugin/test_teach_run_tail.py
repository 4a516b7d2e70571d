"""A run's events are read once each, in order, whatever state their file is in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_dtn import teach_run_tail
from napari_dtn.teach_run_tail import EventTail


def line(step: int) -> bytes:
    return json.dumps({"event": "step", "step": step}).encode() + b"\n"


def steps(events) -> list[int]:
    return [event["step"] for event in events]


@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_every_event_comes_once_wherever_the_writer_pauses(tmp_path_factory, cuts):
    path = tmp_path_factory.mktemp("run") / "events.jsonl"
    content = b"".join(map(line, range(10)))
    tail, seen, at = EventTail(path), [], 0
    for cut in [*sorted(cuts), len(content)]:
        with path.open("ab") as file:
            file.write(content[at:cut])
        at = max(at, cut)
        seen += steps(tail.read())
    assert seen == list(range(10))


def test_a_torn_line_that_is_cut_off_by_a_resume_is_never_seen(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1) + line(2)[:9])
    tail = EventTail(path)
    assert steps(tail.read()) == [1]
    path.write_bytes(line(1))
    assert steps(tail.read()) == []
    path.write_bytes(line(1) + line(3))
    assert steps(tail.read()) == [3]
    assert not tail.anew


def test_a_file_begun_anew_is_read_from_its_beginning(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1) + line(2))
    tail = EventTail(path)
    assert steps(tail.read()) == [1, 2]
    path.write_bytes(line(7))
    assert steps(tail.read()) == [7]
    assert tail.anew


def test_a_file_that_is_not_there_yet_has_no_events(tmp_path: Path):
    assert EventTail(tmp_path / "events.jsonl").read() == []


@pytest.mark.parametrize(
    "foreign",
    [b"\xff\xfe\n", b"[1]\n", b"{}\n", b"\n", b'{"event": 1}\n', b"null\n",
     b'{"event": "step", "step": "2"}\n'],
)  # fmt: skip
def test_lines_that_are_no_events_are_passed_over(tmp_path: Path, foreign: bytes):
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1) + foreign + line(2))
    assert steps(EventTail(path).read()) == [1, 2]


def test_a_long_file_comes_in_pieces_and_whole(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(teach_run_tail, "PIECE", 100)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(map(line, range(50))))
    tail, seen = EventTail(path), []
    while found := tail.read():
        assert len(found) <= 4
        seen += steps(found)
    assert seen == list(range(50))


def test_a_line_without_end_does_not_hold_up_what_follows(tmp_path, monkeypatch):
    monkeypatch.setattr(teach_run_tail, "PIECE", 1000)
    monkeypatch.setattr(teach_run_tail, "LONGEST", 500)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 2500 + b"\n" + line(4))
    tail = EventTail(path)
    assert [s for _ in range(4) for s in steps(tail.read())] == [4]
