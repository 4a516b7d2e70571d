"""Exit codes and messages of `dtn`, whatever the verb."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from dense_transformer.cli import console, models
from dense_transformer.cli.main import VERBS, main
from dense_transformer.errors import ModelError, StoppedError


def raises(error: BaseException):
    def run(arguments: object) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ModelError("no model\n  'x'; use y"), 2, "dtn: error: no model 'x'; use y\n"),
        (FileNotFoundError(2, "No such file", "a.tif"), 2, "a.tif"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (StoppedError("stopped"), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    error: BaseException, code: int, text: str, monkeypatch, capsys
):
    monkeypatch.setattr(models, "run", raises(error))
    assert main(["models"]) == code
    said = capsys.readouterr()
    assert text in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_defect_of_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(models, "run", raises(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["models"])


def test_debug_shows_the_traceback_of_an_error(monkeypatch):
    monkeypatch.setattr(models, "run", raises(ModelError("x")))
    with pytest.raises(ModelError):
        main(["models", "--debug"])


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.NAME)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as end:
        main([verb.NAME, "--help"])
    assert end.value.code == 0
    assert verb.HELP.split()[0] in capsys.readouterr().out


def test_an_unknown_verb_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["fly"])
    assert end.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_names_that_the_terminal_cannot_show_are_no_error(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(models, "run", lambda arguments: console.say("µm \udcff"))
    main(["models"])
    assert stream.buffer.getvalue() == b"\\xb5m \\udcff\n"


def test_a_reader_that_leaves_early_is_no_error():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "dense_transformer", "info"],
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode == 1
