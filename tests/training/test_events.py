from __future__ import annotations

import json
import math

import pytest

from dense_transformer.errors import WriteError
from dense_transformer.training.events import appending, read_events


def test_a_torn_last_line_is_cut_off_and_appended_after(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "step", "step": 1}\n{"event": "st')
    with appending(path) as append:
        append({"event": "step", "step": 2})
    assert path.read_bytes() == (
        b'{"event": "step", "step": 1}\n{"event": "step", "step": 2}\n'
    )


def test_a_file_that_is_one_torn_line_is_emptied(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event')
    with appending(path):
        pass
    assert path.read_bytes() == b""


def test_readers_leave_out_what_is_torn_or_foreign(tmp_path):
    path = tmp_path / "events.jsonl"
    good = {"event": "step", "step": 1}
    lines = [b"\xff\xfe", b"[]", b'{"event": 3, "step": 1}', b'{"event": "x"}', b""]
    content = json.dumps(good).encode() + b"\n" + b"\n".join(lines)
    path.write_bytes(content + b'\n{"event": "step", "step": 2}')
    assert read_events(path) == (good,)
    assert read_events(tmp_path / "none") == ()


def test_steps_done_again_are_read_once(tmp_path):
    path = tmp_path / "events.jsonl"

    def step(number, run):
        return {"event": "step", "step": number, "run": run}

    with appending(path) as append:
        append({"event": "start", "step": 0})
        for number in (1, 2, 3):
            append(step(number, 1))
        append({"event": "start", "step": 2})
        append(step(3, 2))
    events = [e for e in read_events(path) if e["event"] == "step"]
    assert events == [step(1, 1), step(2, 1), step(3, 2)]


def test_numbers_that_json_lacks_become_null(tmp_path):
    path = tmp_path / "events.jsonl"
    with appending(path) as append:
        append({"event": "step", "step": 1, "loss": math.nan, "all": [math.inf, 1.0]})
    (event,) = read_events(path)
    assert event["loss"] is None
    assert event["all"] == [None, 1.0]


def test_a_full_disk_leaves_whole_lines_and_says_where(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    with appending(path) as append:
        append({"event": "step", "step": 1})
        before = path.read_bytes()
        real = __import__("os").write
        room = [5, 0]  # bytes that still fit, then none

        def full(handle, data):
            if size := room.pop(0):
                return real(handle, data[:size])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("dense_transformer.training.events.os.write", full)
        with pytest.raises(WriteError, match=r"events\.jsonl: No space left"):
            append({"event": "step", "step": 2})
        monkeypatch.undo()
    assert path.read_bytes() == before
