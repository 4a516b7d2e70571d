"""Where something is annotated: patches and strokes, each pixel in one place."""

from __future__ import annotations

import numpy as np

from dense_transformer.teaching import (
    Annotations,
    Patch,
    SparseLabels,
    count,
    find_places,
)

CLASSES = ("inside", "boundary")


def annotations_of(labels: np.ndarray, *patches: Patch) -> Annotations:
    return Annotations(SparseLabels.of(labels), patches, CLASSES)


def test_strokes_that_touch_are_one_place_and_a_patch_takes_what_lies_in_it():
    labels = np.zeros((2, 300, 300), np.uint8)
    labels[0, 10, 10:20] = 1
    labels[0, 11, 20:30] = 2  # touches at a corner
    labels[0, 125:131, 130] = 2  # over the edge of a tile
    labels[1, 50:60, 50:60] = 1
    places = find_places(annotations_of(labels, Patch(0, 128, 100, 140, 140)))
    found = [(p.section, p.box, p.pixels, p.patch is None) for p in places]
    assert found == [
        (0, (128, 100, 140, 140), (0, 3), False),
        (0, (10, 10, 12, 30), (10, 10), True),
        (0, (125, 130, 128, 131), (0, 3), True),
        (1, (50, 50, 60, 60), (100, 0), True),
    ]


def test_each_pixel_is_in_one_place_however_strokes_and_patches_lie():
    rng = np.random.default_rng(1)
    labels = np.zeros((2, 700, 650), np.uint8)
    labels[0, 20:660:16, 20] = 1
    labels[0, 20, 20:600] = 2  # a frame of touching tiles around ...
    labels[0, 640, 20:600] = 2
    labels[0, 20:641, 600] = 2
    labels[0, 300:304, 300:340] = 1  # ... a stroke of its own
    labels[1] = rng.random((700, 650)) > 0.995
    patches = (
        Patch(0, 290, 320, 310, 400),
        Patch(0, 300, 330, 350, 420),  # overlaps it
        Patch(1, 0, 0, 200, 300),
    )
    places = find_places(annotations_of(labels, *patches))
    times = np.zeros(labels.shape, int)
    for place in places:
        top, left, bottom, right = place.box
        times[place.section, top:bottom, left:right] += place.mask
        assert sum(place.pixels) == place.mask.sum()
    np.testing.assert_array_equal(times, labels > 0)


def test_counts_are_those_of_the_array():
    labels = np.zeros((3, 200, 200), np.uint8)
    labels[0, 5:8, 5:50] = 1
    labels[2, 100:120, 100:130] = 2
    counts = count(annotations_of(labels, Patch(2, 90, 90, 130, 140)))
    assert counts.pixels == (135, 600)
    assert (counts.strokes, counts.patches, counts.sections) == (1, 1, 2)


def test_sparse_labels_are_indexed_like_the_array_they_stand_for():
    rng = np.random.default_rng(0)
    labels = (rng.random((3, 260, 300)) > 0.9).astype(np.uint8)
    labels[1] = 0
    sparse = SparseLabels.of(labels)
    for key in (
        np.s_[0], np.s_[-1], np.s_[1], np.s_[2, 100:200, 250:], np.s_[:, 5, 7],
        np.s_[0, 127:129, 127:129], np.s_[..., 10:20],
    ):  # fmt: skip
        np.testing.assert_array_equal(sparse[key], labels[key])
    assert sparse.sections == (0, 2)
    assert SparseLabels((1000, 9000, 9000))[999, 5:7, 8999:].tolist() == [[0], [0]]
