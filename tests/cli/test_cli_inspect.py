"""`dtn inspect`: files for images, for folders of images and for trainings."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dense_transformer.cli.main import main
from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.nn import build_network
from dense_transformer.zoo import Card, save_model

SMALL = ("--device", "cpu", "--film-format", "none")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose warps depend on the image."""
    pair = TransformerConfig(level=2, localisation_channels=2)
    network = build_network(
        NetworkConfig(depth=3, base_channels=2, transformers=(pair,)), seed=1
    )
    head = network.level(1).pair.localisation.head
    head.weight.data.normal_(0, 2.0)
    path = tmp_path_factory.mktemp("model") / "moving.safetensors"
    save_model(path, network, Card(name="moving", patch=(32, 32)))
    return path


@pytest.fixture(scope="module")
def unet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without transformers."""
    path = tmp_path_factory.mktemp("unet") / "plain.safetensors"
    network = build_network(NetworkConfig(depth=3, base_channels=2), seed=1)
    save_model(path, network, Card(name="plain", patch=(32, 32)))
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of two frames of different sizes, and one of their labels."""
    rng = np.random.default_rng(2)
    for name, size in (("one", (40, 48)), ("two", (36, 64))):
        for kind in ("frames", "labels"):
            (tmp_path / kind).mkdir(exist_ok=True)
        pixels = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "frames" / f"{name}.png")
        labels = np.where(pixels[..., 0] > 128, 2, 1).astype(np.uint8)
        Image.fromarray(labels).save(tmp_path / "labels" / f"{name}.png")
    return tmp_path / "frames"


def test_it_names_the_files_it_writes(model, stack, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["inspect", str(stack), "--model", str(model), "--section", "1"]
    words += ["--figure-format", "svg,png", "--compare", str(model), *SMALL]
    assert main([*words, "--ablate", "identity,mean", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert {Path(line) for line in said.out.splitlines()} == set(out.iterdir())
    names = {path.name.removeprefix("stack-z0001-") for path in out.iterdir()}
    assert {
        "inspection.html", "warp.svg", "warp.png", "overview.svg", "fiducials.csv",
        "numbers.csv", "patches.csv", "level2-field.tif", "level2-field.mha",
        "level2-coverage.tif", "change-level2-identity.tif", "change-level2-mean.svg",
    } <= names  # fmt: skip
    assert not [name for name in names if name.endswith((".pdf", ".gif"))]
    assert "section 1 of 0..2" in said.err
    page = (out / "stack-z0001-inspection.html").resolve()
    assert said.err.splitlines()[-1] == f"dtn: begin with {page}"


def test_a_folder_is_inspected_image_by_image(model, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["inspect", str(pictures), "--model", str(model), "--numbers-only"]
    labels = ["--labels", str(pictures.parent / "labels")]
    assert main([*words, *labels, *SMALL, "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(out / "index.html")
    assert "dtn: With no warp at level 2, " in said.err, "it ends with an answer"
    assert (out / "one-fiducials.csv").exists()
    assert not list(out.glob("*.tif"))
    with (out / "numbers.csv").open(newline="") as file:
        assert [row["image"] for row in csv.DictReader(file)] == ["one", "two"]
    page = (out / "index.html").read_text()
    assert "Of 2 images the learned prediction is" in page, "labels were read"
    assert "one-inspection.html" not in page, "there is no such page"


def test_tiles_are_counted_from_one_wherever_people_meet_them(model, stack, tmp_path):
    out = tmp_path / "out"
    words = [str(stack), "--model", str(model), "--tile", "1", *SMALL]
    assert main(["inspect", *words, "--figure-format", "none", "--out", str(out)]) == 0
    names = {path.name for path in out.iterdir() if "tile" in path.name}
    assert {name.split("-")[3] for name in names} == {"tile1"}
    with next(out.glob("*tile1-displacement.csv")).open(newline="") as file:
        units = list(csv.DictReader(file))
    with next(out.glob("*-fiducials.csv")).open(newline="") as file:
        tiles = [row["tile"] for row in csv.DictReader(file)]
    assert {row["tile"] for row in units} == {"1"}
    assert (tiles[0], tiles[-1]) == ("1", str(len(set(tiles))))
    assert (units[0]["unit_y_px"], units[0]["unit_x_px"]) < ("1", "1"), "the upper left"
    assert "Tile 1 closely" in next(out.glob("*.html")).read_text()


def test_a_model_for_other_images_is_cautioned_against(
    model, pictures, tmp_path, capsys
):
    out = tmp_path / "out"
    words = [str(pictures), "--model", str(model), "--figure-format", "none", *SMALL]
    assert main(["inspect", *words, "--ablate", "none", "--out", str(out)]) == 0
    text = "moving was trained on gray images and this one is RGB"
    assert capsys.readouterr().err.count(text) == 1, "said once, not for each image"
    assert text in (out / "one-inspection.html").read_text()
    assert f"2 of 2 images (one, ...): {text}" in (out / "index.html").read_text()
    frame = str(pictures / "one.png")
    told = ["predict", frame, "--model", str(model), "--device", "cpu"]
    assert main([*told, "--out", str(tmp_path / "maps")]) == 0
    assert f"dtn: one: mind: {text}" in capsys.readouterr().err


def test_all_sections_are_linked_from_one_page(model, stack, tmp_path):
    out = tmp_path / "out"
    words = ["inspect", str(stack), "--all", "--model", str(model), *SMALL]
    assert main([*words, "--figure-format", "none", "--out", str(out)]) == 0
    page = (out / "index.html").read_text()
    for section in range(3):
        link = f"stack-z{section:04d}-inspection.html"
        assert f'href="{link}"' in page
        assert (out / link).exists()


def test_a_training_is_inspected(settings, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "out"
    assert main(["train", str(settings), "--run", str(run)]) == 0
    capsys.readouterr()
    assert main(["inspect", "--run", str(run), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert {Path(line) for line in said.out.splitlines()} == set(out.iterdir())
    assert "ran to its end, at step 3 of 3" in said.err
    with (out / "steps.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    assert "The transformer at level 2" in (out / "training.html").read_text()
    again = tmp_path / "again"
    assert main(["inspect", "--run", str(run), "--out", str(again)]) == 0
    for file in out.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["{stack}", "--model", "{model}", "--level", "3"], "some at 2"),
        (["{stack}", "--model", "{model}", "--tile", "77"], "tiles 1 to"),
        (["{stack}", "--model", "{model}", "--tile", "0"], "counted from 1"),
        (["{stack}", "--model", "{unet}"], "plain U-Net"),
        (["{stack}", "--model", "{model}", "--figure-format", "bmp"], "pdf, svg, png"),
        (["{stack}", "--model", "{model}", "--ablate", "all"], "identity, mean, other"),
        (["{stack}", "--model", "{model}", "--compare", "twin"], "no twin"),
        (["{stack}", "--model", "{model}", "--labels", "{empty}"], "no labels named"),
        (["{stack}", "{model}", "--model", "{model}", "--labels", "{stack}"], "folder"),
        (["{empty}", "--model", "{model}"], "no images"),
        (["{stack}"], "--model"),
        (["--run", "{empty}"], "run"),
        (["{stack}", "--run", "{empty}"], "--run"),
    ],
)
def test_it_refuses_in_one_line(words, text, model, unet, stack, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    places = {"stack": stack, "model": model, "unet": unet, "empty": tmp_path / "empty"}
    out = tmp_path / "out"
    code = main(["inspect", *(w.format(**places) for w in words), "--out", str(out)])
    error = capsys.readouterr().err.splitlines()[-1]
    assert code == 2
    assert error.startswith("dtn: error: ")
    assert text in error
    assert not out.exists() or not list(out.iterdir())


def test_a_full_disk_leaves_no_half_file(model, stack, tmp_path, capsys, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dense_transformer.files.os.fsync", full)
    out = tmp_path / "out"
    words = ["inspect", str(stack), "--model", str(model), *SMALL, "--out", str(out)]
    assert main(words) == 2
    assert "the disk is full" in capsys.readouterr().err
    assert list(out.iterdir()) == []
    shutil.rmtree(out)
