"""A run is followed by its folder alone, and nobody waits for whoever follows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dense_transformer.teaching.status import RunStatus, write_status
from napari_dtn.child import end_child, is_alive, start_child
from napari_dtn.teach_run_follow import look_at, newer_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "events.jsonl").write_text(
        json.dumps({"event": "step", "step": 3, "loss": 0.5}) + "\n"
    )
    return tmp_path


def test_python_ends_though_a_run_is_followed(run: Path):
    script = f"""
import threading
from pathlib import Path
from napari_dtn.teach_run_follow import follow
work = follow(Path({str(run)!r}), lambda: False)
threading.Thread(target=lambda: list(work)).start()
"""
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)


def test_a_finished_run_says_so(run: Path):
    write_status(run, RunStatus("finished", 3, 3, improved=False))
    news = look_at(run)
    assert (news.state, news.alive) == ("finished", False)
    assert news.report.step == 3


def test_a_run_whose_process_is_gone_has_died(run: Path):
    write_status(run, RunStatus("running", 3, 9))
    news = look_at(run)
    assert news.state == "died"
    assert "Resume" in news.remedy


def test_a_process_that_has_not_spoken_yet_is_starting(run: Path):
    write_status(run, RunStatus("stopped", 3, 9))
    child = start_child([sys.executable, "-c", "import time; time.sleep(60)"], run)
    try:
        assert look_at(run).state == "starting"
    finally:
        end_child(child)
    assert not is_alive(child)
    assert look_at(run).state == "stopped"


def test_a_run_that_a_terminal_began_is_found_once_it_learns(tmp_path: Path):
    runs = {}
    for name in ("0001", "0002", "0003"):
        runs[name] = tmp_path / name
        runs[name].mkdir()
        (runs[name] / "lesson.json").write_text("{}")
        write_status(runs[name], RunStatus("finished", 3, 3))
    (tmp_path / "queue").mkdir()
    assert newer_run(runs["0001"]) is None  # those that were never begun
    (runs["0002"] / "events.jsonl").write_text('{"event": "step", "step": 3}\n')
    assert newer_run(runs["0001"]) == runs["0002"]
    assert newer_run(runs["0002"]) is None
    write_status(runs["0002"], RunStatus("discarded", 3, 3))
    assert newer_run(runs["0001"]) is None
