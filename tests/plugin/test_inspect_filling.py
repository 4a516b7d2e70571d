"""Areas filled with lines: what is covered is the area, and nothing beside it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dtn.inspect_filling import ROWS, RUNS, filling


def covered(outline, width, size):
    """Return which of size x size pixels the lines pass over."""
    found = np.zeros((size, size), int)
    for (y, left), (_, right) in zip(*filling(outline, width), strict=True):
        if right > left:
            rows = slice(round(y - width / 2), round(y + width / 2))
            found[rows, round(left) : round(right)] += 1
    return found


def test_a_square_is_covered_once_all_over():
    square = np.array([[10, 20], [10, 40], [30, 40], [30, 20]], float)
    expected = np.zeros((50, 50), int)
    expected[10:30, 20:40] = 1
    np.testing.assert_array_equal(covered(square, 1.0, 50), expected)


def test_the_hollow_of_a_horseshoe_stays_empty():
    shoe = np.array(
        [
            [10, 10],
            [10, 16],
            [30, 16],
            [30, 24],
            [10, 24],
            [10, 30],
            [40, 30],
            [40, 10],
        ],
        float,
    )
    found = covered(shoe, 1.0, 50)
    assert (found[10:30, 16:24] == 0).all()
    assert (found[10:30, 10:16] == 1).all()
    assert (found[30:40, 10:30] == 1).all()


@pytest.mark.parametrize("height", [0.0, 0.3, 500.0])
def test_there_are_always_as_many_lines_within_the_area(height):
    outline = np.array([[5, 5], [5, 9], [5 + height, 9], [5 + height, 5]])
    starts, ends = filling(outline, 1.0)
    assert starts.shape == ends.shape == (ROWS * RUNS, 2)
    for points in (starts, ends):
        assert (points >= outline.min(0)).all()
        assert (points <= outline.max(0)).all()
