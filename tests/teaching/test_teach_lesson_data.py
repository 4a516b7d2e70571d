"""A lesson as a network sees it: what is learned from, and what it is judged by."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small_lessons import SIDE, make_project, striped, write_small_model

from dense_transformer.errors import DataError
from dense_transformer.inference.source import open_view
from dense_transformer.teaching import read_lesson, take_lesson
from dense_transformer.teaching.boxes import merge
from dense_transformer.teaching.lesson_data import (
    MOST_HELD_OUT,
    labels_in,
    open_lesson,
    thin_out,
)
from dense_transformer.teaching.survey import survey
from dense_transformer.types import Image
from dense_transformer.zoo import load_model


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A lesson of four patches, the model of its project, and its annotations."""
    folder = tmp_path_factory.mktemp("lesson") / "p"
    with make_project(folder, places=5) as project:
        run = project.new_run()
        take_lesson(project, run)
        painted = project.journal("stripes").annotations()
        model = project.load_model()
    return read_lesson(run), model, painted


def test_every_annotated_pixel_is_learned_from_or_judged_by_and_none_is_both(lesson):
    taken, model, painted = lesson
    data = open_lesson(taken, model, (32, 32))
    learned = sum(int((pair.labels > 0).sum()) for pair in data.pairs)
    judged = sum(int((pair.labels > 0).sum()) for pair in data.held_out)
    total = sum(int((painted.section(z) > 0).sum()) for z in painted.sections)
    assert judged > 0
    assert learned + judged == total


def test_a_place_shows_the_pixels_that_were_annotated(lesson):
    taken, model, _ = lesson
    data = open_lesson(taken, model, (32, 32))
    for spot in data.spots:
        top, left, bottom, right = spot.box
        labels = spot.pair.labels[top:bottom, left:right]
        pixels = spot.pair.pixels[0, top:bottom, left:right]
        assert (labels > 0).all()  # these are whole patches
        assert pixels[labels == 2].mean() < pixels[labels == 1].mean() - 0.5


def test_annotations_of_other_classes_are_refused(lesson, tmp_path):
    taken, _, _ = lesson
    three = dataclasses.replace(taken, classes=("a", "b", "c"))
    model = load_model(write_small_model(tmp_path / "m.safetensors"))
    with pytest.raises(DataError, match="choose another model"):
        open_lesson(three, model, (32, 32))


@pytest.mark.parametrize("factor", [0.25, 0.5, 0.7, 1.0, 1.6, 2.0])
def test_a_thin_stroke_is_kept_at_any_pixel_size(factor):
    image = Image(striped()[0], "yx", "i", (4.0, 4.0))
    view = open_view(image, 0, 1, (4.0, 4.0), (4.0 / factor, 4.0 / factor))
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[40, 10:80] = 2  # one pixel wide
    labels[60:70, 10:20] = 1
    whole = labels_in(view, labels, (0, 0, *view.size))
    rows, columns = np.nonzero(whole == 2)
    assert abs(len(np.unique(columns)) - 70 * view.size[1] / SIDE) <= 2
    assert (
        abs((rows.mean() + 0.5) / view.size[0] - 40.5 / SIDE)
        < 0.5 / view.size[0] + 1e-9
    )
    area = (whole == 1).sum() / (view.size[0] * view.size[1])
    assert area == pytest.approx(100 / SIDE**2, rel=0.5)
    part = labels_in(view, labels, (3, 4, view.size[0] - 2, view.size[1] - 1))
    assert np.array_equal(part, whole[3:-2, 4:-1])


def test_where_classes_share_a_pixel_most_pixels_win():
    image = Image(np.arange(64, dtype=np.uint8).reshape(8, 8), "yx", "i", (1.0, 1.0))
    view = open_view(image, 0, 1, (1.0, 1.0), (4.0, 4.0))
    labels = np.zeros((8, 8), np.uint8)
    labels[0, 0:3], labels[1, 0:2] = 2, 1
    labels[4, 4:6], labels[5, 4:7] = 2, 1
    assert labels_in(view, labels, (0, 0, 2, 2)).tolist() == [[2, 0], [0, 1]]


def test_merged_windows_cover_and_do_not_overlap():
    rng = np.random.default_rng(2)
    boxes = []
    for _ in range(30):
        y, x = (int(v) for v in rng.integers(0, 400, 2))
        boxes.append((y, x, y + int(rng.integers(1, 60)), x + int(rng.integers(1, 60))))
    merged = merge(boxes)
    covered = np.zeros((500, 500), int)
    for top, left, bottom, right in merged:
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1
    assert all(covered[b[0] : b[2], b[1] : b[3]].all() for b in boxes)
    assert 1 < len(merged) < 30


def test_many_held_out_places_are_thinned_out_evenly():
    kept = thin_out(list(range(100)))
    assert len(kept) == MOST_HELD_OUT
    assert (kept[0], kept[-1] > 90) == (0, True)
    assert thin_out([3, 4]) == (3, 4)
    assert thin_out([]) == ()


def test_windows_come_from_all_sections_and_all_sides(lesson):
    taken, model, _ = lesson
    windows = survey(taken, model, (32, 32), 24)
    assert len(windows) == 24
    assert all(pair.pixels.shape == (1, 32, 32) for pair in windows)
    assert not any(pair.labels.any() for pair in windows)
    places = np.array([[int(n) for n in pair.name.split()[-3:]] for pair in windows])
    assert set(places[:, 0]) == {0, 1, 2}
    assert (places[:, 1:].min(0) < 10).all()
    assert (places[:, 1:].max(0) > SIDE - 32 - 10).all()
    again = survey(taken, model, (32, 32), 24)
    assert all(
        (a.pixels == b.pixels).all() for a, b in zip(windows, again, strict=True)
    )
