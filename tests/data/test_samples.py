"""The shipped samples: what their README says, drawn again, and in the wheel."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tifffile import imread

from dense_transformer.data import samples
from dense_transformer.data.samples import (
    list_samples,
    sample_images,
    sample_labels,
    sample_path,
)
from dense_transformer.data.synthesis.__main__ import main
from dense_transformer.data.synthesis.ship import ROAD_SEEDS, draw_em, draw_road
from dense_transformer.errors import DataError

ROW = re.compile(r"^\| `([0-9a-f]{64})` \| `(.+)` \|$", re.MULTILINE)
SAME = 0.999  # share of label pixels: other machines may round differently


def read(path):
    return imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))


def test_the_readme_lists_every_file_with_its_checksum():
    root = sample_path("em").parent
    listed = {name: sha for sha, name in ROW.findall((root / "README.md").read_text())}
    there = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert listed == there
    assert len(there) == 2 * (3 + 4)


def test_samples_are_small_together():
    root = sample_path("em").parent
    assert sum(p.stat().st_size for p in root.rglob("*") if p.is_file()) < 1_500_000


@pytest.mark.parametrize("name", list_samples())
def test_every_image_has_labels_of_its_name_and_size(name):
    for image, labels in zip(sample_images(name), sample_labels(name), strict=True):
        assert image.stem == labels.stem
        assert read(image).shape[:2] == read(labels).shape
        assert read(labels).dtype == np.uint8
    classes = {int(v) for path in sample_labels(name) for v in np.unique(read(path))}
    assert classes == {0, 1, 2}


def test_the_stack_drawn_again_has_the_shipped_labels():
    drawn = draw_em()
    for section, path in zip(drawn.labels, sample_labels("em"), strict=True):
        assert np.mean(section == read(path)) >= SAME
    shipped = np.stack([read(path) for path in sample_images("em")]).astype(int)
    # Rounding may move a border and with it a vesicle; noise and all else agree.
    assert np.mean(np.abs(drawn.pixels - shipped) <= 2) > 0.9


@pytest.mark.parametrize(
    "index",
    [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, len(ROAD_SEEDS)))],
)
def test_a_road_frame_drawn_again_has_the_shipped_labels(index):
    drawn = draw_road(index)
    assert np.mean(drawn.labels == read(sample_labels("road")[index])) >= SAME
    shipped = read(sample_images("road")[index]).astype(int)
    assert np.mean(np.abs(drawn.pixels - shipped) <= 2) > 0.9


def test_the_command_names_what_it_writes(monkeypatch, tmp_path, capsys):
    from dense_transformer.data.synthesis import ship

    # Small scenes: what is drawn is held above.
    monkeypatch.setattr(ship, "EM_SIZE", (48, 48))
    monkeypatch.setattr(ship, "ROAD_SIZE", (48, 64))
    assert main([str(tmp_path / "new")]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(written) == sorted(p for p in tmp_path.rglob("*") if p.is_file())
    listed = dict(ROW.findall((tmp_path / "new" / "README.md").read_text()))
    for sha, name in listed.items():
        content = (tmp_path / "new" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha


def test_an_unknown_sample_is_refused_with_the_known_ones():
    with pytest.raises(DataError, match="em, road"):
        sample_path("cat")


def test_missing_files_are_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(samples, "_roots", lambda: (tmp_path, tmp_path / "other"))
    with pytest.raises(DataError, match="install"):
        sample_path("em")


def test_the_wheel_holds_the_samples_and_finds_them(repository, tmp_path):
    pytest.importorskip("hatchling", reason="builds the wheel")
    build = "import hatchling.build, sys; hatchling.build.build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = [n for n in archive.namelist() if "/sample_data/" in n]
        archive.extractall(tmp_path / "installed")
    assert len(held) == 2 * (3 + 4) + 1
    ask = (
        "from dense_transformer.data.samples import *\n"
        "for name in list_samples(): print(sample_path(name), len(sample_images(name)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    root = tmp_path / "installed" / "dense_transformer" / "sample_data"
    assert answer == [f"{root / 'em'} 3", f"{root / 'road'} 4"]


def test_a_network_trained_on_real_sections_knows_the_drawn_membranes():
    from dense_transformer.data import read_image
    from dense_transformer.evaluation import score
    from dense_transformer.inference import predict
    from dense_transformer.work import finish
    from dense_transformer.zoo import load_model

    image, labels = sample_images("em")[0], read(sample_labels("em")[0])
    model = load_model("em-membrane-unet")
    found = finish(predict(model, read_image(image), region=(0, 0, 256, 256)))
    scores = score([(found.probability[:256, :256], labels[:256, :256])])
    # 0.986 for the whole of this section; chance is 0.5, real sections give 0.988.
    assert scores.auc > 0.95
