"""A lesson is frozen with its run; what it holds out is told, fair and kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from small_lessons import striped, write_small_model

from dense_transformer.errors import DataError, ProjectError
from dense_transformer.teaching import Patch, Project, read_lesson, take_lesson

SIDE = 300


@pytest.fixture
def project(tmp_path: Path):
    model = write_small_model(tmp_path / "small.safetensors")
    with Project.create(tmp_path / "p", model) as project:
        rng = np.random.default_rng(0)
        project.add_image("stack", rng.integers(0, 255, (4, SIDE, SIDE), np.uint8))
        tifffile.imwrite(tmp_path / "flat.tif", striped()[0])
        project.add_image("flat", tmp_path / "flat.tif")
        yield project


def stroke(project: Project, section: int, row: int, label: int, length: int = 60):
    row_px = 12 * row
    values = np.full((3, length), label, np.uint8)
    project.journal("stack").paint(section, row_px, 10, None, values)


def patch_of(project: Project, section: int, top: int, left: int, side: int = 60):
    values = np.ones((side, side), np.uint8)
    values[::4] = 2
    patch = Patch(section, top, left, top + side, left + side)
    project.journal("stack").add_patch(patch, values)
    return patch


def held_pixels(lesson) -> np.ndarray:
    """Held-out and all pixels of each class."""
    count = [
        [(e.validation == label).sum() for e in lesson.examples] for label in (1, 2)
    ]
    total = [[(e.labels == label).sum() for e in lesson.examples] for label in (1, 2)]
    return np.array([np.sum(count, 1), np.sum(total, 1)])


def test_what_is_learned_and_what_is_held_out_are_all_and_never_the_same(project):
    for row in range(8):
        stroke(project, row % 3, row, 1 + row % 2)
    patches = [patch_of(project, 3, 0, 70 * i) for i in range(4)]
    lesson = take_lesson(project, project.new_run())
    for example in lesson.examples:
        painted = project.journal(example.name).read(example.section)
        np.testing.assert_array_equal(example.labels, painted)
        assert not np.any((example.training > 0) & (example.validation > 0))
        np.testing.assert_array_equal(example.training | example.validation, painted)
        for box in example.held_out:
            held = example.validation[box.top : box.bottom, box.left : box.right]
            assert held.any()
    boxes = [p for e in lesson.examples for p in e.held_out]
    for patch in patches:  # a strip of each
        inside = [b for b in boxes if b.section == 3 and b.left == patch.left]
        assert [(b.top, b.bottom) for b in inside] == [(45, 60)]
    held, total = held_pixels(lesson)
    assert np.all((held > 0) & (held < 0.5 * total))


@pytest.mark.parametrize("seed", range(4))
def test_of_strokes_the_ends_are_held_out_of_each_class_alike(project, seed):
    for row in range(12):
        stroke(project, 0, row, 1)
    for row in range(12, 15):
        stroke(project, 0, row, 2)
    lesson = take_lesson(project, project.new_run(), seed=seed)
    (example,) = lesson.examples
    assert len(example.held_out) == 12  # of fifteen
    assert {(b.left, b.right) for b in example.held_out} == {(55, 70)}
    held, total = held_pixels(lesson)
    assert held[0] / total[0] == pytest.approx(0.25 * 9 / 12)
    assert held[1] / total[1] == pytest.approx(0.25)


def test_half_of_each_class_at_least_is_to_learn_from(project):
    values = np.ones((3, 80), np.uint8)
    for row in range(4):
        stroke(project, 0, row, 1)
    values[:, 62:] = 2  # the only place of the class, where a strip would be
    project.journal("stack").paint(1, 50, 10, None, values)
    held, total = held_pixels(take_lesson(project, project.new_run()))
    assert held[0] > 0
    assert 2 * held[1] <= total[1]


def test_dots_are_held_out_whole_and_one_alone_is_not(project):
    values = np.ones((5, 20), np.uint8)
    values[:, 8:] = 2
    project.journal("stack").paint(1, 20, 20, None, values)
    lesson = take_lesson(project, project.new_run())
    assert not lesson.has_held_out
    assert "only one place" in lesson.notice
    for row in (60, 100, 140):
        project.journal("stack").paint(1, row, 20, None, values)
    lesson = take_lesson(project, project.new_run())
    assert "1 of 4 places" in lesson.notice
    (example,) = lesson.examples
    assert (example.validation > 0).sum() == values.size


def test_of_a_patch_a_strip_is_held_out(project):
    patch = patch_of(project, 2, 50, 50, 80)
    lesson = take_lesson(project, project.new_run())
    (example,) = lesson.examples
    assert example.held_out == (Patch(2, 110, 50, 130, 130),)
    assert example.patches == (patch,)
    assert (example.validation > 0).sum() == 20 * 80


def test_nothing_or_one_class_alone_is_no_lesson(project):
    with pytest.raises(DataError, match="nothing is annotated"):
        take_lesson(project, project.new_run())
    stroke(project, 0, 1, 1)
    with pytest.raises(DataError, match="boundary"):
        take_lesson(project, project.new_run())


def test_what_was_held_out_before_is_held_out_again(project):
    for row in range(10):
        stroke(project, 0, row, 1 + row % 2)
    before = {
        p for e in take_lesson(project, project.new_run()).examples for p in e.held_out
    }
    for row in range(10, 20):
        stroke(project, 0, row, 1 + row % 2)
    for seed in range(5):
        run = project.new_run()
        lesson = take_lesson(project, run, seed=seed)
        assert before <= {p for e in lesson.examples for p in e.held_out}


def test_a_lesson_stays_as_it_was_and_is_told_by_its_hash(project):
    for row in range(6):
        stroke(project, row % 2, row, 1 + row % 2)
    run = project.new_run()
    first = take_lesson(project, run)
    stroke(project, 3, 20, 1)
    again, more = read_lesson(run), take_lesson(project, project.new_run())
    assert again.sha256 == first.sha256 != more.sha256
    for one, other in zip(first.examples, again.examples, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.held, other.held)
    assert len(more.examples) == len(first.examples) + 1


def test_a_lesson_on_an_image_that_changed_is_not_gone_on_with(project, tmp_path):
    project.journal("flat").paint(0, 0, 0, None, np.ones((9, 9), np.uint8))
    project.journal("flat").paint(0, 20, 0, None, np.full((9, 9), 2, np.uint8))
    lesson = take_lesson(project, project.new_run())
    lesson.examples[0].open_image()
    tifffile.imwrite(tmp_path / "flat.tif", 255 - striped()[0])
    with pytest.raises(ProjectError, match="has changed"):
        lesson.examples[0].open_image()


def test_a_damaged_or_hostile_lesson_is_refused(project):
    for row in range(6):
        stroke(project, 0, row, 1 + row % 2)
    run = project.new_run()
    take_lesson(project, run)
    header, labels = run / "lesson.json", run / "lesson.labels"
    good, body = json.loads(header.read_bytes()), labels.read_bytes()
    example, image = good["examples"][0], good["images"][0]
    for change in (
        {"version": 2},
        {"format": "x"},
        {"examples": [example | {"image": 5}]},
        {"examples": [example | {"section": 10**9}]},
        {"examples": [example | {"held_out": [[0, 0, 1]]}]},
        {"images": [image | {"size": [10, 10]}]},
        {"labels_sha256": "0" * 64},
        {"classes": 5},
    ):
        header.write_text(json.dumps(good | change))
        with pytest.raises(ProjectError):
            read_lesson(run)
    header.write_text(json.dumps(good))
    labels.write_bytes(body[:-5])
    with pytest.raises(ProjectError, match="damaged"):
        read_lesson(run)
    labels.unlink()
    with pytest.raises(ProjectError):
        read_lesson(run)
    with pytest.raises(ProjectError, match="no run"):
        read_lesson(run.parent)
