"""The command that the tab shows teaches the same again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_lessons import make_run

from dense_transformer import finish, load_model
from dense_transformer.teaching import Project, teach
from napari_dtn import teach_run_commands
from napari_dtn.teach_run_commands import repeating_command


def test_it_gives_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    run = make_run(tmp_path / "p", seed=4, learning_rate=1e-3, average=0.5)
    finish(teach(run))
    command = repeating_command(run)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    with Project.open(tmp_path / "p", write=False) as project:
        first, again = project.runs
    assert first == run
    weights = [load_model(one / "last.safetensors").sha256 for one in (first, again)]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("where", [Path(sys.executable).parent, Path("/elsewhere")])
def test_it_is_as_short_as_a_terminal_understands(tmp_path, monkeypatch, where):
    monkeypatch.setattr(
        teach_run_commands.shutil, "which", lambda name: str(where / name)
    )
    command = repeating_command(make_run(tmp_path / "p"))
    program = ["dtn"] if where != Path("/elsewhere") else [sys.executable, "-m"]
    assert command[: len(program)] == program
