"""A project finds its images again, keeps two writers apart and trusts no file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from small_lessons import CLASSES, striped, write_small_model

from dense_transformer.data import read_section
from dense_transformer.errors import ModelError, ProjectError, WriteError
from dense_transformer.teaching import Project, default_project_folder
from dense_transformer.teaching import fingerprint as fingerprint_module
from dense_transformer.types import Image

PIXELS = striped()[0]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "small.safetensors")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    tifffile.imwrite(folder / "one.tif", PIXELS)
    return folder / "one.tif"


def painted(project: Project, name: str = "one") -> int:
    return sum(project.journal(name).pixels)


def test_what_is_painted_is_there_in_the_next_session(tmp_path, model, image):
    with Project.create(tmp_path / "p", model) as project:
        entry = project.add_image("one", image, (4.0, 5.0))
        project.journal("one").paint(0, 5, 5, None, np.ones((4, 6), np.uint8))
    with Project.open(tmp_path / "p") as project:
        assert project.images == (entry,)
        assert project.open_image("one").pixel_nm == (4.0, 5.0)
        assert project.classes == CLASSES
        assert painted(project) == 24
        assert project.load_model().sha256 == project.model.sha256


def test_images_of_one_name_are_kept_apart(tmp_path, model, image):
    with Project.create(tmp_path / "p", model) as project:
        names = [project.add_image("a/b:c", image).name for _ in range(2)]
        names.append(project.add_image("A_B_C", PIXELS).name)
        assert len({name.casefold() for name in names}) == 3
        for number, name in enumerate(names):
            project.journal(name).paint(0, number, 0, None, np.ones((1, 9), np.uint8))
            assert painted(project, name) == 9


@pytest.mark.parametrize(
    ("pixels", "axes"),
    [
        (PIXELS, "yx"),
        (np.stack([PIXELS] * 3), "zyx"),
        (np.stack([PIXELS] * 3, -1), "yxc"),
        (np.stack([np.stack([PIXELS] * 3, -1)] * 2), "zyxc"),
        (PIXELS.astype(">u2") * 200, "yx"),
        (PIXELS.astype(np.float64) / 7, "yx"),
        (PIXELS.astype(np.float16), "yx"),
        (PIXELS > 100, "yx"),
        (PIXELS.astype(np.int32) - 90, "yx"),
        (np.asfortranarray(PIXELS)[::-1, ::2], "yx"),
    ],
)
def test_pixels_without_a_file_are_stored_as_they_are(tmp_path, model, pixels, axes):
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("layer", pixels, (4.6, 3.1), axes=axes)
    shutil.move(tmp_path / "p", tmp_path / "elsewhere")
    with Project.open(tmp_path / "elsewhere") as project:
        stored, given = project.open_image("layer"), Image(pixels, axes, "given")
        assert stored.pixel_nm == pytest.approx((4.6, 3.1), rel=1e-4)
        assert (stored.sections, stored.channels) == (given.sections, given.channels)
        for section in range(given.sections):
            np.testing.assert_array_equal(
                read_section(stored, section), read_section(given, section)
            )


def test_a_project_that_is_moved_with_its_images_finds_them(tmp_path, model, image):
    with Project.create(tmp_path / "images" / "p", model) as project:
        project.add_image("one", image)
    shutil.move(tmp_path / "images", tmp_path / "moved")
    with Project.open(tmp_path / "moved" / "p") as project:
        np.testing.assert_array_equal(project.open_image("one").data[:], PIXELS)
        assert project.find(tmp_path / "moved" / "one.tif") is not None


def test_an_image_that_moved_or_changed_is_told_and_can_be_located(
    tmp_path, model, image
):
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", image)
        project.journal("one").paint(0, 0, 0, None, np.ones((3, 3), np.uint8))
        image.rename(tmp_path / "new.tif")
        with pytest.raises(ProjectError, match="annotations are safe"):
            project.open_image("one")
        project.locate("one", tmp_path / "new.tif")
        project.open_image("one")
        tifffile.imwrite(tmp_path / "new.tif", 255 - PIXELS)
        with pytest.raises(ProjectError, match="has changed"):
            project.open_image("one")
        project.open_image("one", check=False)
        project.locate("one", tmp_path / "new.tif")  # the changed one is meant
        project.open_image("one")
        tifffile.imwrite(tmp_path / "new.tif", PIXELS[:-1])
        with pytest.raises(ProjectError, match="sections"):
            project.open_image("one", check=False)
        with pytest.raises(ProjectError, match="annotated at"):
            project.locate("one", tmp_path / "new.tif")
        assert painted(project) == 9


def test_a_pixel_size_is_corrected_alone_or_with_the_place(tmp_path, model, image):
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", image)
        project.set_pixel_nm("one", (4.0, 5.0))
        project.locate("one", image)
        assert project.open_image("one").pixel_nm == (4.0, 5.0)
        project.locate("one", image, (6.0, 7.0))
    with Project.open(tmp_path / "p", write=False) as project:
        assert project.open_image("one").pixel_nm == (6.0, 7.0)
        with pytest.raises(ProjectError):
            project.set_pixel_nm("one", (1.0, 1.0))


def test_a_large_file_is_known_by_samples_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint_module, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(fingerprint_module, "_SAMPLE_BYTES", 16)
    path = tmp_path / "large.tif"
    content = np.random.default_rng(0).bytes(64 * 40)
    path.write_bytes(content)
    first = fingerprint_module.fingerprint(path)
    assert first.startswith("samples:")
    seen = set()
    for changed in (b"x" + content[1:], content[:-1] + b"x", content + b"x"):
        path.write_bytes(changed)
        seen.add(fingerprint_module.fingerprint(path))
    assert first not in seen
    assert len(seen) == 3


def test_a_folder_of_slices_is_known_again(tmp_path, model):
    folder = tmp_path / "slices"
    folder.mkdir()
    for number in range(3):
        tifffile.imwrite(folder / f"{number}.tif", striped(number)[0])
    with Project.create(tmp_path / "p", model) as project:
        assert project.add_image("slices", folder).sections == 3
        project.open_image("slices")
        tifffile.imwrite(folder / "1.tif", 255 - striped(1)[0])
        with pytest.raises(ProjectError, match="has changed"):
            project.open_image("slices")


def test_two_processes_do_not_write_to_one_project(tmp_path, model, image):
    script = (
        "import sys\n"
        "from dense_transformer.teaching import Project\n"
        "with Project.open(sys.argv[1]) as project:\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", image)
        with pytest.raises(ProjectError, match="this one"):
            Project.open(tmp_path / "p")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "p")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(ProjectError, match=f"process {other.pid}"):
            Project.open(tmp_path / "p")
        with Project.open(tmp_path / "p", write=False) as looked:
            assert [e.name for e in looked.images] == ["one"]
            assert painted(looked) == 0
            with pytest.raises(ProjectError, match="only to look"):
                looked.add_image("two", image)
        other.kill()
    Project.open(tmp_path / "p").close()  # a dead holder keeps nobody out


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_project_can_be_looked_at(tmp_path, model, image):
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", image)
    (tmp_path / "p" / "lock").unlink()
    (tmp_path / "p").chmod(0o500)
    try:
        with pytest.raises(WriteError, match="copy"):
            Project.open(tmp_path / "p")
        with Project.open(tmp_path / "p", write=False) as project:
            project.open_image("one")
    finally:
        (tmp_path / "p").chmod(0o700)


def test_a_project_belongs_beside_its_image_or_to_the_user(
    tmp_path, monkeypatch, image
):
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    assert default_project_folder(image) == image.parent / "one-teach"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    folder = default_project_folder(image)
    assert folder.parent == tmp_path / "home" / "projects"
    assert folder == default_project_folder(image)
    first = default_project_folder(None)
    first.mkdir(parents=True)
    assert default_project_folder(None) != first


def test_a_project_is_not_made_over_another(tmp_path, model, image):
    Project.create(tmp_path / "p", model).close()
    before = (tmp_path / "p" / "project.json").read_bytes()
    with pytest.raises(ProjectError, match="already"):
        Project.create(tmp_path / "p", model)
    assert (tmp_path / "p" / "project.json").read_bytes() == before
    with pytest.raises(ModelError):
        Project.create(tmp_path / "q", tmp_path / "none.safetensors")
    with pytest.raises(ProjectError, match="no project"):
        Project.open(tmp_path / "q")


def changed(path: Path, **values: object) -> bytes:
    return json.dumps(json.loads(path.read_bytes()) | values).encode()


def test_a_damaged_hostile_or_newer_project_file_is_refused(tmp_path, model, image):
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", image)
        project.add_image("two", PIXELS)
    path = tmp_path / "p" / "project.json"
    good = path.read_bytes()
    images = json.loads(good)["images"]
    models = json.loads(good)["models"]
    cases = {
        "newer": changed(path, version=2),
        "doesn't describe": changed(path, format="x"),
        "unknown key": changed(path, colour=1),
        "classes": changed(path, classes="ab"),
        "no model": changed(path, models=[]),
        "beyond": changed(path, current=7),
        "same name": changed(path, images=[images[0], images[0] | {"name": "ONE"}]),
        "way out": changed(path, images=[images[0] | {"name": "../one"}]),
        "hidden": changed(path, images=[images[0] | {"name": ".one"}]),
        "stored out": changed(path, images=[images[1] | {"path": "../../etc/x.tif"}]),
        "model out": changed(path, models=[models[0] | {"file": "../m.safetensors"}]),
        "model root": changed(path, models=[models[0] | {"file": "/m.safetensors"}]),
        "huge": changed(path, images=[images[0] | {"size": [10**12, 1]}]),
        "list": b"[]",
        "deep": b"[" * 200_000,
        "torn": good[: len(good) // 2],
        "empty": b"",
        "binary": bytes(range(256)),
    }
    for what, content in cases.items():
        path.write_bytes(content)
        with pytest.raises(ProjectError):
            Project.open(tmp_path / "p")
        assert path.read_bytes() == content, what
    path.write_bytes(good)
    Project.open(tmp_path / "p").close()


def test_a_model_that_was_exchanged_is_not_taken_for_the_old_one(tmp_path, model):
    with Project.create(tmp_path / "p", model) as project:
        other = write_small_model(tmp_path / "other.safetensors", seed=8)
        shutil.copy(other, project.model_path())
        with pytest.raises(ProjectError, match="isn't the model"):
            project.load_model()


def test_runs_are_numbered_whoever_makes_them(tmp_path, model):
    with Project.create(tmp_path / "p", model) as project:
        first = project.new_run()
        with Project.open(tmp_path / "p", write=False) as other:
            second = other.new_run()
        (tmp_path / "p" / "runs" / "notes").mkdir()
        assert [first.name, second.name] == ["0001", "0002"]
        assert project.runs == (first, second)
