"""The lazy array against NumPy, for every kind of key that viewers use."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from dense_transformer.data.sections import SectionArray

KEYS = [
    (),
    0,
    -1,
    Ellipsis,
    (slice(1, 3), 2),
    (1, slice(2, 7), slice(None, None, 2)),
    (..., slice(0, 2)),
    (slice(None, None, -1), slice(5, 1, -2)),
    (slice(3, 3),),
    (np.int64(2), slice(4, 5), 3),
    (slice(None), slice(None), -1),
]


def lazy(whole, axes):
    """A lazy view of an array that holds (z, y, x, c) and a log of what it read."""
    log = []

    def read_box(section, rows, columns):
        log.append((section, rows, columns))
        return whole[section, slice(*rows), slice(*columns)]

    index = tuple(slice(None) if a in axes else 0 for a in "zyxc")
    plain = whole[index]
    return SectionArray(plain.shape, whole.dtype, axes, read_box, "test"), plain, log


@pytest.mark.parametrize("axes", ["yx", "zyx", "yxc", "zyxc"])
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing_is_that_of_numpy(axes, key):
    whole = np.arange(4 * 8 * 9 * 3, dtype=np.int32).reshape(4, 8, 9, 3)
    whole = whole[:1] if "z" not in axes else whole
    whole = whole[..., :1] if "c" not in axes else whole
    array, plain, _ = lazy(whole, axes)
    try:
        expected = plain[key]
    except IndexError:
        with pytest.raises(IndexError):
            array[key]
        return
    assert_array_equal(array[key], expected)


def test_only_the_box_is_read():
    array, _, log = lazy(np.zeros((4, 8, 9, 1)), "zyx")
    array[2, 1:8:3, 4]
    assert log == [(2, (1, 8), (4, 5))]


def test_beyond_the_end_is_an_index_error():
    array, plain, _ = lazy(np.zeros((4, 8, 9, 1)), "zyx")
    with pytest.raises(IndexError):
        array[4]
    assert len(array) == 4
    assert_array_equal(np.asarray(array, dtype=np.float32), plain)
