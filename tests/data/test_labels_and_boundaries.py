"""Label files, their values, and boundaries made from instances."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image as PilImage

from dense_transformer.data import read_labels
from dense_transformer.data.boundaries import boundary_labels
from dense_transformer.errors import DataError

LABELS = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">i4", "f4", "u8"])
def test_labels_of_any_type_become_uint8(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", LABELS.astype(dtype))
    found = read_labels(tmp_path / "a.tif", 2)
    assert_array_equal(found, LABELS)
    assert found.dtype == np.uint8


def test_palette_gives_its_indices_and_one_bit_its_classes(tmp_path):
    picture = PilImage.fromarray(LABELS)
    picture.putpalette([9, 9, 9, 200, 0, 0, 0, 0, 200])
    picture.save(tmp_path / "a.png")
    assert_array_equal(read_labels(tmp_path / "a.png", 2), LABELS)
    PilImage.fromarray(LABELS == 2).save(tmp_path / "b.png")
    assert_array_equal(read_labels(tmp_path / "b.png", 2), (LABELS == 2) + 1)


def test_section_of_a_stack_of_labels(tmp_path):
    stack = np.stack([LABELS] * 4 + [LABELS[::-1]])
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    assert_array_equal(read_labels(tmp_path / "a.tif", 2, section=4), LABELS[::-1])


@pytest.mark.parametrize("value", [3, 255, -1, 0.5, np.nan])
def test_unknown_value_is_named(tmp_path, value):
    wrong = LABELS.astype(np.float32)
    wrong[1, 1] = value
    tifffile.imwrite(tmp_path / "a.tif", wrong)
    with pytest.raises(DataError, match=rf"value {value}.*1 pixels.*1 to 2"):
        read_labels(tmp_path / "a.tif", 2)


def test_coloured_labels_are_refused(tmp_path):
    PilImage.fromarray(np.zeros((4, 5, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="3 channels"):
        read_labels(tmp_path / "a.png", 2)


def test_boundaries_where_ids_differ_or_are_zero():
    ids = np.array(
        [[1, 1, 1, 2, 2, 2],
         [1, 1, 1, 2, 2, 2],
         [1, 1, 1, 0, 2, 2]]
    )  # fmt: skip
    expected = np.array(
        [[1, 1, 2, 2, 1, 1],
         [1, 1, 2, 2, 1, 1],
         [1, 1, 1, 2, 1, 1]]
    )  # fmt: skip
    assert_array_equal(boundary_labels(ids, 1), expected)


def test_wider_boundaries_grow_on_both_sides():
    ids = np.repeat([[5] * 10 + [9] * 10], 3, 0)
    for width in (1, 2, 3):
        found = boundary_labels(ids, width)[1]
        assert_array_equal(
            np.flatnonzero(found == 2), np.arange(10 - width, 10 + width)
        )


def test_unlabelled_ids_are_ignored_and_make_no_boundary():
    ids = np.array([[2**64 - 1, 7, 7]], np.uint64)
    assert_array_equal(boundary_labels(ids, 1), [[0, 1, 1]])
    assert_array_equal(boundary_labels(np.array([[-1, 7, 7]]), 1), [[0, 1, 1]])


def test_ids_beyond_float_precision_are_told_apart():
    ids = np.array([[2**60, 2**60 + 1]], np.uint64)
    assert_array_equal(boundary_labels(ids, 1), [[2, 2]])


def test_one_instance_has_no_boundary():
    assert_array_equal(boundary_labels(np.full((3, 4), 7), 3), np.ones((3, 4)))
