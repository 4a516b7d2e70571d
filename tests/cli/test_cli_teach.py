"""`dtn teach`: from label files to a model that is kept, without a window."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tifffile import imwrite

from dense_transformer import load_model
from dense_transformer.cli.main import main
from dense_transformer.teaching import Project, RunStatus, begin_run, read_status
from dense_transformer.teaching.status import write_status
from dense_transformer.training.lock import locked
from dense_transformer.zoo import save_model

QUICK = ["--steps", "2", "--batch", "1", "--validate-every", "2", "--threads", "1"]
QUICK += ["--device", "cpu", "--no-invert"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path, stack: Path, tiny_model: Path, capsys) -> Path:
    """A project of a stack of three sections with four strokes of each class."""
    labels = np.zeros((3, 40, 50), np.uint8)
    for row in range(8):
        labels[row % 2, 5 * row : 5 * row + 2, 4:40] = 1 + row // 2 % 2
    imwrite(tmp_path / "strokes.tif", labels, photometric="minisblack")
    folder = tmp_path / "p"
    command = ["teach", str(folder), "--new", "--model", str(tiny_model)]
    command += ["--image", str(stack), "--labels", str(tmp_path / "strokes.tif")]
    assert main([*command, "--pixel-nm", "4,5"]) == 0
    said = capsys.readouterr().out
    assert "annotated: 288 inside, 288 boundary px in 8 places" in said
    return folder


def test_a_project_is_made_taught_and_listed(project: Path, capsys):
    assert main(["teach", str(project), *QUICK]) == 0
    said = capsys.readouterr()
    assert load_model(said.out.splitlines()[-1]).card.name == "tiny"
    assert f"dtn teach {shlex.quote(str(project))} --run 0001" in said.err
    assert main(["teach", str(project), "--list"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"run: 0001  finished 2/2", listed)
    assert re.search(r"model: \* tiny  to begin with", listed)
    with Project.open(project, write=False) as opened:
        assert opened.images[0].pixel_nm == (4.0, 5.0)
        lesson = json.loads((opened.runs[0] / "lesson.json").read_bytes())
    assert "held out" in lesson["notice"]


def test_the_window_s_command_gives_the_same_weights(project: Path, capsys):
    assert main(["teach", str(project), *QUICK]) == 0
    with Project.open(project, write=False) as opened:
        first = opened.runs[0]
    again = project / "runs" / "0002"
    again.mkdir()
    for name in ("teach.json", "lesson.json", "lesson.labels", "start.safetensors"):
        (again / name).write_bytes((first / name).read_bytes())
    command = [sys.executable, "-m", "dense_transformer", "teach", str(project)]
    done = subprocess.run(
        [*command, "--run", "0002"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    models = [load_model(run / "last.safetensors") for run in (first, again)]
    assert models[0].sha256 == models[1].sha256
    assert models[1].card.command == f"dtn teach {project} --repeat 0002"


def test_a_model_is_kept_under_a_name_and_taken_back(project: Path, capsys):
    run = ["teach", str(project), *QUICK]
    assert main(run) == 0
    with Project.open(project, write=False) as opened:
        folder = opened.runs[0]
    best = load_model(folder / "best.safetensors")
    best.network.head.bias.data[0] += 0.1  # as if it had learned something
    save_model(folder / "best.safetensors", best.network, best.card)
    assert main(["teach", str(project), "--keep", "mine"]) == 0
    assert read_status(folder).name == "mine"
    assert load_model("mine").card.parent.startswith("tiny sha256:")
    assert main(["teach", str(project), "--keep", "mine"]) == 2
    assert "already" in capsys.readouterr().err
    assert main(["teach", str(project), "--revert", "tiny"]) == 0
    assert main(["teach", str(project), "--list"]) == 0
    listed = capsys.readouterr().out
    assert "model: * tiny" in listed
    assert "model:   mine  run 0001, from tiny" in listed


def test_a_run_that_ended_is_gone_on_with_or_discarded(project: Path, capsys):
    assert main(["teach", str(project), *QUICK]) == 0
    run = project / "runs" / "0001"
    before = (run / "last.safetensors").read_bytes()
    assert main(["teach", str(project), "--run", "0001"]) == 0
    assert (run / "last.safetensors").read_bytes() == before, "it was finished"
    for option in ("--run", "--repeat"):
        assert main(["teach", str(project), option, "0001", "--steps", "9"]) == 2
        assert "leave out --steps" in capsys.readouterr().err
    assert main(["teach", str(project), "--discard", "0001"]) == 0
    assert capsys.readouterr().out == "0001: discarded\n"
    assert read_status(run).state == "discarded"
    assert not list(run.glob("*.safetensors"))
    assert main(["teach", str(project), "--run", "0001"]) == 2
    assert "bring it back" in capsys.readouterr().err
    assert main(["teach", str(project), "--bring-back", "0001"]) == 0
    assert capsys.readouterr().out == "0001: brought back\n"
    assert (run / "last.safetensors").read_bytes() == before
    assert read_status(run).state == "finished"
    assert main(["teach", str(project), "--bring-back", "0001"]) == 2
    assert "it was not discarded" in capsys.readouterr().err


def test_a_run_at_work_is_asked_by_its_number(project: Path, capsys):
    with Project.open(project, write=False) as opened:
        run = begin_run(opened)
    command = ["teach", str(project)]
    with locked(run / "lock"):  # as its process does
        write_status(run, RunStatus("running", 3, 40))
        assert main([*command, "--resume", "1"]) == 2
        said = capsys.readouterr().err
        assert "run 0001: it is not paused but running, at step 3 of 40" in said
        assert main([*command, "--pause", "1"]) == 0
        assert (run / "pause").exists()
        assert main([*command, "--resume", "0001"]) == 0  # before it has paused
        assert not (run / "pause").exists()
        for request in ("stop", "discard"):
            assert main([*command, f"--{request}", "1"]) == 0
            assert (run / request).exists()
            assert f"0001: asked to {request}" in capsys.readouterr().out
        assert (run / "start.safetensors").exists()  # it throws it away itself


def test_a_run_that_nobody_works_on_says_why_it_can_not_be_asked(project: Path, capsys):
    command = ["teach", str(project)]

    def refused() -> str:
        said = set()
        for request in ("pause", "resume", "stop"):
            assert main([*command, f"--{request}", "1"]) == 2
            line = capsys.readouterr().err
            assert f"can't {request} run 0001: " in line
            assert line.count("\n") == 1
            said.add(line.strip().partition("run 0001: ")[2])
        assert not [run / name for name in ("pause", "stop") if (run / name).exists()]
        return said.pop() if len(said) == 1 else f"different answers: {said}"

    with Project.open(project, write=False) as opened:
        run = begin_run(opened)
    assert refused() == "no process works on it yet; --run 0001 begins it"
    for status, why in (
        (RunStatus("finished", 40, 40), "it has ended: finished at step 40 of 40"),
        (
            RunStatus("kept", 40, 40, name="mine"),
            "it has ended: finished at step 40 of 40, kept as mine",
        ),
        (
            RunStatus("stopped", 7, 40),
            "it has ended: stopped at step 7 of 40; --run 0001 goes on with it",
        ),
        (
            RunStatus("running", 7, 40),
            "its process ended without a word at step 7 of 40; "
            "--run 0001 goes on with it",
        ),
    ):
        write_status(run, status)
        assert refused() == why
    assert main([*command, "--discard", "1"]) == 0
    capsys.readouterr()
    assert refused() == "it has ended: discarded"
    assert main([*command, "--discard", "1"]) == 2
    assert "it was discarded already" in capsys.readouterr().err
    assert main([*command, "--pause", "7"]) == 2
    assert "no run '7'" in capsys.readouterr().err


def test_a_run_that_was_begun_but_never_run_is_taken_away(project: Path, capsys):
    with Project.open(project, write=False) as opened:
        run = begin_run(opened)
    assert read_status(run).state == "queued"
    assert main(["teach", str(project), "--discard", run.name]) == 0
    assert capsys.readouterr().out == "0001: discarded\n"
    assert not list(run.glob("*.safetensors"))
    assert main(["teach", str(project), "--list"]) == 0
    assert "run: 0001  discarded" in capsys.readouterr().out
    assert main(["teach", str(project), *QUICK]) == 0  # the next one needn't wait
    assert read_status(run.with_name("0002")).state == "finished"


def test_annotations_go_out_and_come_in(project: Path, tmp_path, tiny_model, capsys):
    out = tmp_path / "out"
    assert main(["teach", str(project), "--export", str(out)]) == 0
    files = capsys.readouterr().out.split()
    assert {Path(f).name for f in files} == {
        "stack-000.tif", "stack-001.tif", "patches.json", "train.toml"}  # fmt: skip
    command = ["teach", str(tmp_path / "q"), "--new", "--model", str(tiny_model)]
    assert main(command) == 0
    assert main(["teach", str(tmp_path / "q"), "--import", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.count("144 inside, 144 boundary px in 4 places") == 2


def test_an_image_that_moved_is_located(project: Path, stack: Path, capsys):
    stack.rename(stack.with_name("moved.tif"))
    assert main(["teach", str(project), "--where", "stack"]) == 2
    assert "its annotations are safe" in capsys.readouterr().err.lower()
    command = ["teach", str(project), "--locate", "stack"]
    moved = [*command, "--image", str(stack.with_name("moved.tif"))]
    assert main(moved) == 0
    assert main([*moved, "--pixel-nm", "7,8"]) == 0
    with Project.open(project, write=False) as opened:
        assert opened.images[0].pixel_nm == (7.0, 8.0)
    assert main(["teach", str(project), "--where", "stack", "--device", "cpu"]) == 0
    assert main(command) == 2
    assert "needs one --image" in capsys.readouterr().err


def test_where_to_annotate_next_is_told_with_reasons(project: Path, capsys):
    command = ["teach", str(project), "--where", "stack", "--device", "cpu"]
    assert main(command) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert re.match(r"section \d  box 0,0,40,50  .*uncertain: \d+%", line)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--labels", "x.tif"], "give each its image"),
        (["--image", "none.tif"], "none.tif"),
        (["--new"], "already"),
        (["--run", "5"], "no run"),
        (["--keep", "mine"], "no run"),
        (["--revert", "none"], "no model"),
        (["--where", "none"], "no image"),
        (["--import", "nowhere"], "missing"),
        (["--steps=-1"], "steps"),
        (["--pixel-nm", "a", "--image", "x.tif"], "number"),
    ],
)
def test_what_can_not_be_done_is_one_line(project: Path, options, why, capsys):
    assert main(["teach", str(project), *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert why in said


def test_nothing_annotated_is_told_before_a_run_is_left_behind(
    tmp_path: Path, stack, tiny_model, capsys
):
    folder = str(tmp_path / "empty")
    command = ["teach", folder, "--new", "--model", str(tiny_model)]
    assert main([*command, "--image", str(stack)]) == 0
    assert main(["teach", folder, *QUICK]) == 2
    assert "nothing is annotated yet" in capsys.readouterr().err
    assert not list((tmp_path / "empty" / "runs").iterdir())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorial_works_word_for_word(repository: Path, tmp_path: Path, home):
    text = (repository / "docs" / "teach.md").read_text(encoding="utf-8")
    text = text[text.index("## Without a window") :]
    scripts = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    program = f'dtn() {{ {shlex.quote(sys.executable)} -m dense_transformer "$@"; }}'
    python = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}'
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join([program, python, *scripts])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, after = (
        float(value)
        for value in re.findall(r"^auc +([\d.]+)", done.stdout, re.MULTILINE)
    )
    told = [float(v) for v in re.findall(r"The AUC is ([\d.]+\d)", text)]
    assert [before, after] == pytest.approx(told, abs=0.015)
    (python_script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", python_script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["(0, 0) True", "0002"], done.stderr
