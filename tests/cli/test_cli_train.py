"""`dtn train`: a run is made, stopped and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dense_transformer import load_model
from dense_transformer.cli.main import main

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def events(run: Path) -> list[dict[str, object]]:
    path = run / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def test_a_training_leaves_models_that_load(settings: Path, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", str(settings), "--run", str(run), "--set", "seed=4"]) == 0
    said = capsys.readouterr()
    for line in said.out.splitlines():
        model = load_model(line)
        assert (model.card.name, model.card.seed) == ("stripes", 4)
    assert "finished after 3 steps" in said.err
    assert "3/3 steps (100%)" in said.err


def test_a_finished_run_is_not_done_again(settings: Path, tmp_path, capsys):
    command = ["train", str(settings), "--run", str(tmp_path / "run")]
    assert main(command) == 0
    first = (tmp_path / "run" / "last.safetensors").read_bytes()
    assert main(command) == 0
    assert (tmp_path / "run" / "last.safetensors").read_bytes() == first


def test_other_settings_in_the_same_run_are_refused(settings: Path, tmp_path, capsys):
    command = ["train", str(settings), "--run", str(tmp_path / "run")]
    assert main(command) == 0
    assert main([*command, "--set", "learning_rate=0.1"]) == 2
    assert "dtn: error" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "part"),
    [("steps = 0", "steps"), ("stepps = 1", "stepps"), ("steps =", "TOML")],
)
def test_a_bad_configuration_is_one_line(text, part, tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert main(["train", str(path), "--run", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert part in error
    assert "bad.toml" in error
    assert error.count("\n") == 1


def test_an_unknown_configuration_is_refused(tmp_path, capsys):
    assert main(["train", "none", "--run", str(tmp_path / "run")]) == 2
    assert "em-membrane-dtn" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SIGTERM", 143),
        pytest.param("SIGINT", 130, marks=pytest.mark.slow),
        pytest.param("SIGHUP", 129, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_it_with_all_saved(name, code, settings: Path, tmp_path):
    number = getattr(signal, name)
    run = tmp_path / "run"
    command = ["train", str(settings), "--run", str(run), "--set", "steps=100000"]
    words = [sys.executable, "-m", "dense_transformer", *command]
    with subprocess.Popen(
        words,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # nohup ignores it
    ) as process:
        deadline = time.monotonic() + 60
        while not any(event.get("step") for event in events(run)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        process.send_signal(number)  # an echo, as torchrun may send it
        _, said = process.communicate(timeout=60)
    assert process.returncode == code
    end = events(run)[-1]
    assert end["reason"] == "stopped"
    assert f"stopped after {end['step']} steps" in said.decode()
    load_model(run / "last.safetensors")


# Without "--" torchrun takes our --run for the start of its own --run-path.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "option"),
    [
        (["--no-python", "dtn"], "--out"),
        (["-m", "dense_transformer"], "--out"),
        (["SCRIPTS/dtn"], "--out"),
        (["--no-python", "--", "dtn"], "--run"),
    ],
)
def test_torchrun_starts_it_on_two_processes(start, option, settings, tmp_path):
    run = tmp_path / "run"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2"]
    scripts = str(Path(sys.executable).parent)
    start = [word.replace("SCRIPTS", scripts) for word in start]
    words = [*torchrun, *start, "train", str(settings), option, str(run)]
    path = os.pathsep.join([scripts, ENVIRONMENT.get("PATH", "")])
    done = subprocess.run(
        words, env={**ENVIRONMENT, "PATH": path}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    (began,) = (event for event in events(run) if event.get("processes"))
    assert began["processes"] == 2
    assert len(done.stdout.splitlines()) == 2  # only one of them speaks
