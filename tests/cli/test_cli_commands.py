"""The verbs of `dtn`: what they print and write is what the library gives."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from dense_transformer import finish, load_model, predict, read_image
from dense_transformer.cli.main import main
from dense_transformer.config import PredictConfig
from dense_transformer.data import vnc_sections
from dense_transformer.data.receiving import Remote
from dense_transformer.data.samples import sample_images


def test_predict_writes_what_the_library_predicts(tiny_model, stack, tmp_path, capsys):
    words = ["--model", str(tiny_model), "--section", "1", "--batch", "2"]
    out = tmp_path / "out"
    code = main(["predict", str(stack), *words, "--device", "cpu", "--out", str(out)])
    said = capsys.readouterr()
    config = PredictConfig(batch=2, device="cpu")
    image = read_image(stack)
    expected = finish(predict(load_model(tiny_model), image, config, section=1))
    files = [Path(line) for line in said.out.splitlines()]
    assert code == 0
    assert set(files) == set(out.iterdir())
    (probability,) = (f for f in files if f.name.endswith("-probability.tif"))
    np.testing.assert_array_equal(tifffile.imread(probability), expected.probability)
    assert "cpu" in said.err
    assert "section 1 of 0..2" in said.err


def test_predict_all_writes_every_section(tiny_model, stack, tmp_path, capsys):
    out = tmp_path / "out"
    assert not main(
        ["predict", str(stack), "--all", "--model", str(tiny_model), "--out", str(out)]
    )
    assert len(list(out.glob("*-labels.tif"))) == 3


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["nothing.tif"], "nothing.tif"),
        (["{stack}", "--section", "3"], "no section 3"),
        (["{stack}", "--region", "5,5,5,9"], "--region"),
        (["{stack}", "--tile", "3"], "16"),
        (["{stack}", "elsewhere/stack.tif"], "same files"),
    ],
)
def test_predict_refuses_in_one_line(words, text, tiny_model, stack, tmp_path, capsys):
    words = [word.format(stack=stack) for word in words]
    out = tmp_path / "out"
    code = main(["predict", *words, "--model", str(tiny_model), "--out", str(out)])
    error = capsys.readouterr().err.splitlines()[-1]
    assert code == 2
    assert error.startswith("dtn: error: ")
    assert text in error
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_signal_ends_a_prediction_and_leaves_no_half_files(tiny_model, tmp_path):
    image, out = tmp_path / "large.tif", tmp_path / "out"
    tifffile.imwrite(image, np.zeros((6000, 6000), np.uint8))
    words = [str(image), "--model", str(tiny_model), "--out", str(out), "--batch", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "dense_transformer", "predict", *words],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr:
            if "tiles (" in line:  # the first of tens of thousands are on their way
                process.send_signal(signal.SIGINT)
                break
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped after" in said
    assert list(out.iterdir()) == []


def test_evaluate_gives_scores_counted_by_hand(tmp_path, capsys):
    # Foreground at 0.9 and 0.4, rest at 0.6 and 0.1, one pixel ignored: of the four
    # (foreground, rest) pairs three are in order; at 0.5 one hit, one false, one miss.
    probability = np.array([[0.9, 0.6, 0.4, 0.1, 0.7]], np.float32)
    tifffile.imwrite(tmp_path / "p.tif", probability)
    labels = np.array([[2, 1, 2, 1, 0]], np.uint8)
    Image.fromarray(labels).save(tmp_path / "l.png")
    assert main(["evaluate", str(tmp_path / "p.tif"), str(tmp_path / "l.png")]) == 0
    lines = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert float(lines["auc"]) == 0.75
    assert float(lines["f1"]) == 0.8
    assert float(lines["precision"]) == 0.5
    assert float(lines["recall"]) == 0.5
    assert float(lines["iou"]) == pytest.approx(1 / 3, abs=1e-4)
    assert lines["pixels"] == "4"


def test_evaluate_scores_a_model_on_a_data_set(tiny_model, settings, capsys):
    words = ["--model", str(tiny_model), "--config", str(settings)]
    assert main(["evaluate", *words]) == 0
    said = capsys.readouterr().out
    assert "pixels               1920" in said  # image c, 40 x 48
    assert "saturation" in said


@pytest.mark.parametrize("words", [[], ["a.tif"], ["--model", "x"], ["a", "b", "c"]])
def test_evaluate_wants_one_or_the_other(words, capsys):
    assert main(["evaluate", *words]) == 2
    assert "give PROBABILITY and LABELS" in capsys.readouterr().err


def test_models_are_added_listed_and_shown(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    assert main(["models", str(tiny_model), "--add", "--name", "mine"]) == 0
    assert main(["models"]) == 0
    assert "mine                     own      A tiny network" in capsys.readouterr().out
    assert main(["models", "mine"]) == 0
    card = capsys.readouterr().out
    assert "auc: 0.5" in card
    assert load_model(tiny_model).sha256 in card


def test_a_damaged_model_is_refused(tiny_model, tmp_path, capsys):
    content = bytearray(tiny_model.read_bytes())
    content[-1] ^= 1
    (tmp_path / "bad.safetensors").write_bytes(content)
    assert main(["models", str(tmp_path / "bad.safetensors")]) == 2
    assert "bad.safetensors" in capsys.readouterr().err


def test_a_sample_is_copied_as_it_was_shipped(tmp_path, capsys):
    assert main(["sample"]) == 0
    assert capsys.readouterr().out.split() == ["em", "road", "vnc"]
    assert main(["sample", "em", "--out", str(tmp_path)]) == 0
    for path in sample_images("em"):
        copy = tmp_path / "em" / "images" / path.name
        assert copy.read_bytes() == path.read_bytes()


def test_an_unknown_sample_is_refused_with_those_that_are_there(tmp_path, capsys):
    assert main(["sample", "moon", "--out", str(tmp_path)]) == 2
    assert "em, road" in capsys.readouterr().err


def test_info_names_the_versions_in_use(capsys):
    assert main(["info"]) == 0
    said = capsys.readouterr().out
    assert torch.__version__ in said
    assert np.__version__ in said


def test_vnc_is_fetched_once_and_copied(tmp_path, monkeypatch, capsys):
    content = b"a section, as far as this test is concerned"
    sha256 = hashlib.sha256(content).hexdigest()
    remote = Remote("vnc/00.tif", "http://127.0.0.1:9/00.tif", sha256, len(content))
    monkeypatch.setattr(vnc_sections, "VNC_SECTIONS", (remote,))
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    kept = tmp_path / "home" / "downloads" / "vnc"
    kept.mkdir(parents=True)
    (kept / "00.tif").write_bytes(content)  # nobody listens at the address
    assert main(["sample", "vnc", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "vnc" / "images" / "00.tif").read_bytes() == content
