"""The command that the tab shows teaches the same again."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_lessons import make_project, make_run, small_teaching, weights_of

from dense_transformer import finish, load_model
from dense_transformer.errors import RunError
from dense_transformer.teaching import (
    Project,
    begin_run,
    discard,
    read_lesson,
    read_teaching,
    teach,
)
from dense_transformer.teaching.repeating import repeat_run
from napari_dtn import teach_run_commands
from napari_dtn.teach_run_commands import repeating_command


@pytest.mark.slow
def test_it_gives_the_same_weights_though_more_was_painted_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    run = make_run(tmp_path / "p", seed=4, learning_rate=1e-3, average=0.5, threads=0)
    finish(teach(run))
    with Project.open(tmp_path / "p") as project:
        stroke = np.full((6, 60), 2, np.uint8)
        project.journal("stripes").paint(0, 70, 8, None, stroke)
    command = repeating_command(run)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "3"},  # not as many as the run had
    )
    assert done.returncode == 0, done.stderr
    with Project.open(tmp_path / "p", write=False) as project:
        first, again = project.runs
    assert first == run
    for name in ("last.safetensors", "best.safetensors"):
        weights = [weights_of(one / name) for one in (first, again)]
        assert weights[0] == weights[1]
    card = load_model(run / "last.safetensors").card
    assert shlex.split(card.command)[1:] == command[-4:]
    assert "--repeat 0001" in card.command


def test_a_run_after_a_repeated_one_holds_out_what_the_newest_did(tmp_path: Path):
    with make_project(tmp_path / "p", places=2) as project:
        first = begin_run(project, small_teaching())
        journal = project.journal("stripes")
        for place in range(24):  # more than are held out: the seed decides
            stroke = np.full((3, 60), 1 + place // 2 % 2, np.uint8)
            journal.paint(1 + place % 2, 8 + 7 * (place // 2), 8, None, stroke)
        held = held_out_of(begin_run(project, small_teaching(seed=1)))
        again = repeat_run(project, first)
        assert held_out_of(again) == held_out_of(first) != held
        assert held <= held_out_of(begin_run(project, small_teaching(seed=2)))


def test_a_discarded_run_is_repeated_while_its_first_model_is_there(tmp_path: Path):
    run = make_run(tmp_path / "p")
    with Project.open(tmp_path / "p", write=False) as project:
        discard(run)
        assert read_teaching(repeat_run(project, run)) == read_teaching(run)
        (run / "trash" / "start.safetensors").unlink()
        with pytest.raises(RunError, match="gone"):
            repeat_run(project, run)
        assert len(project.runs) == 2


def held_out_of(run: Path) -> set:
    return {patch for e in read_lesson(run).examples for patch in e.held_out}


@pytest.mark.parametrize("where", [Path(sys.executable).parent, Path("/elsewhere")])
def test_it_is_as_short_as_a_terminal_understands(tmp_path, monkeypatch, where):
    monkeypatch.setattr(
        teach_run_commands.shutil, "which", lambda name: str(where / name)
    )
    command = repeating_command(make_run(tmp_path / "p"))
    program = ["dtn"] if where != Path("/elsewhere") else [sys.executable, "-m"]
    assert command[: len(program)] == program
