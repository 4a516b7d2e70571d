"""Annotations as a data set: read by the training's own reader, and back unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from small_lessons import make_project, striped, write_small_model

from dense_transformer.data import open_pairs, read_image
from dense_transformer.errors import DataError, ProjectError
from dense_transformer.teaching import (
    Patch,
    Project,
    export_data_set,
    import_data_set,
    import_labels,
)
from dense_transformer.training import read_config
from dense_transformer.work import finish


def test_training_reads_an_export_as_it_was_painted(tmp_path: Path):
    with make_project(tmp_path / "p") as project:
        files = finish(export_data_set(project, tmp_path / "out"))
        painted = project.journal("stripes").annotations()
    assert {f.name for f in files if f.parent.name == "labels"} == {
        f"stripes-{z:03d}.tif" for z in range(3)
    }
    config = read_config(tmp_path / "out" / "train.toml")
    data = open_pairs(config.data, 1, tmp_path / "out")
    pairs = {pair.name: pair for pair in (*data.train, *data.validation)}
    assert len(pairs) == 3
    for section in range(3):
        pair = pairs[f"stripes-{section:03d}"]
        np.testing.assert_array_equal(pair.labels, painted.section(section))
        exported = read_image(tmp_path / "out" / "images" / f"{pair.name}.tif")
        np.testing.assert_array_equal(exported.data[:], striped(section)[0])


def test_an_export_comes_back_with_its_labels_and_patches(tmp_path: Path):
    with make_project(tmp_path / "p") as project:
        project.journal("stripes").paint(1, 80, 3, None, np.full((2, 9), 2, np.uint8))
        finish(export_data_set(project, tmp_path / "out"))
        before = project.journal("stripes").annotations()
        finish(import_data_set(project, tmp_path / "out"))
        assert [entry.name for entry in project.images] == ["stripes"]
        again = project.journal("stripes").annotations()
        assert again.patches == before.patches
        for section in range(3):
            np.testing.assert_array_equal(
                again.section(section), before.section(section)
            )
    model = tmp_path / "p.safetensors"
    with Project.create(tmp_path / "q", model) as project:
        entries = finish(import_data_set(project, tmp_path / "out"))
        for section, entry in enumerate(entries):
            after = project.journal(entry.name).annotations()
            np.testing.assert_array_equal(after.section(0), before.section(section))
            boxes = {p.box for p in before.patches if p.section == section}
            assert {p.box for p in after.patches} == boxes
        finish(import_data_set(project, tmp_path / "out"))
        assert len(project.images) == 3, "what is there is not added again"
        assert project.journal(entries[0].name).undo() is not None
        assert not project.journal(entries[0].name).can_undo, "imported in one change"


def test_imported_labels_leave_what_they_say_nothing_about(tmp_path: Path):
    model = write_small_model(tmp_path / "small.safetensors")
    tifffile.imwrite(tmp_path / "one.tif", striped()[0])
    labels = np.zeros((96, 96), np.uint8)
    labels[:10] = 2
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", tmp_path / "one.tif")
        project.journal("one").paint(0, 5, 0, None, np.ones((20, 96), np.uint8))
        import_labels(project, tmp_path / "one.tif", tmp_path / "labels.tif")
        expected = labels.copy()
        expected[10:25] = 1
        np.testing.assert_array_equal(project.journal("one").read(0), expected)


def test_what_does_not_fit_is_refused(tmp_path: Path):
    model = write_small_model(tmp_path / "small.safetensors")
    tifffile.imwrite(tmp_path / "one.tif", striped()[0])
    with Project.create(tmp_path / "p", model) as project:
        with pytest.raises(DataError, match="nothing"):
            finish(export_data_set(project, tmp_path / "out"))
        for labels, why in (
            (np.ones((95, 96), np.uint8), "same size"),
            (np.full((96, 96), 3, np.uint8), "the value 3"),
        ):
            tifffile.imwrite(tmp_path / "labels.tif", labels)
            with pytest.raises(DataError, match=why):
                import_labels(project, tmp_path / "one.tif", tmp_path / "labels.tif")
        with pytest.raises(DataError, match="missing"):
            finish(import_data_set(project, tmp_path))
        assert project.images == ()


@pytest.mark.parametrize(
    "patches",
    [
        b"{",
        b"[]",
        b'{"patches": {"a": [[1, 2, 3]]}}',
        b'{"patches": {"a": [[1, 2, 3, "4"]]}}',
        b"[" * 100_000,
    ],
)
def test_damaged_patches_are_refused(tmp_path: Path, patches: bytes):
    with make_project(tmp_path / "p") as project:
        finish(export_data_set(project, tmp_path / "out"))
        (tmp_path / "out" / "patches.json").write_bytes(patches)
        with pytest.raises(ProjectError, match="remove it"):
            finish(import_data_set(project, tmp_path / "out"))


def test_a_patch_beyond_the_image_is_refused(tmp_path: Path):
    with make_project(tmp_path / "p") as project:
        finish(export_data_set(project, tmp_path / "out"))
        path = tmp_path / "out" / "patches.json"
        boxes = json.dumps({"patches": {"stripes-000": [[0, 0, 10, 2000]]}})
        path.write_text(boxes)
        with pytest.raises(ProjectError, match="inside the image"):
            finish(import_data_set(project, tmp_path / "out"))
        with pytest.raises(ProjectError, match="inside the image"):
            project.journal("stripes").add_patch(Patch(9, 0, 0, 5, 5))


def write_namesakes(tmp_path: Path, project: Project) -> dict[str, np.ndarray]:
    """Add a stack and the image of its section's name; paint on both."""
    stack = np.stack([striped(z)[0] for z in range(3)])
    tifffile.imwrite(tmp_path / "vol.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "vol-001.tif", striped(7)[0])
    painted = {}
    for value, (name, section) in enumerate((("vol", 1), ("vol-001", 0)), 1):
        project.add_image(name, tmp_path / f"{name}.tif")
        labels = np.full((5, 9 + value), value, np.uint8)
        project.journal(name).paint(section, 10, 20, None, labels)
        patch = Patch(section, 10, 20, 15, 24 + value)
        project.journal(name).change(add=[patch])
        painted[name] = project.journal(name).read(section)
    return painted


def test_images_of_one_name_in_a_data_set_lose_no_labels(tmp_path: Path):
    model = write_small_model(tmp_path / "small.safetensors")
    with Project.create(tmp_path / "p", model) as project:
        painted = write_namesakes(tmp_path, project)
        finish(export_data_set(project, tmp_path / "out"))
        files = sorted((tmp_path / "out" / "labels").iterdir())
        found = [tifffile.imread(path) for path in files]
        assert sorted(map(bytes, found)) == sorted(map(bytes, painted.values()))
        for name in painted:  # and they find back to where they are from
            while project.journal(name).undo() is not None:
                pass
        finish(import_data_set(project, tmp_path / "out"))
        assert [entry.name for entry in project.images] == ["vol", "vol-001"]
        for name, section in (("vol", 1), ("vol-001", 0)):
            journal = project.journal(name)
            np.testing.assert_array_equal(journal.read(section), painted[name])
            assert [patch.section for patch in journal.patches] == [section]


def test_an_export_never_writes_over_the_images_of_the_project(tmp_path: Path):
    model = write_small_model(tmp_path / "small.safetensors")
    path = tmp_path / "data" / "images" / "one.tif"
    path.parent.mkdir(parents=True)
    tifffile.imwrite(path, striped()[0])
    before = path.read_bytes()
    with Project.create(tmp_path / "p", model) as project:
        project.add_image("one", path)
        project.journal("one").paint(0, 5, 0, None, np.ones((20, 96), np.uint8))
        with pytest.raises(DataError, match="another folder"):
            finish(export_data_set(project, tmp_path / "data"))
    assert path.read_bytes() == before
    assert not (tmp_path / "data" / "labels").exists()
