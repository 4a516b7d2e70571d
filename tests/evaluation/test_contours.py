"""Contours whose distance is known."""

import math

import numpy as np
import pytest

from dense_transformer.errors import ConfigError, DataError
from dense_transformer.evaluation import score_contours


def square(shift=0, size=40):
    mask = np.zeros((size, size))
    mask[10:30, 10 + shift : 30 + shift] = 1.0
    return mask


def labels_of(mask):
    return np.where(mask > 0, 2, 1).astype(np.uint8)


def test_a_square_met_exactly_scores_one_at_tolerance_zero():
    got = score_contours([(square(), labels_of(square()))], 2, tolerance_px=0)
    assert (got.f1, got.precision, got.recall) == (1, 1, 1)


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_a_square_aside_is_forgiven_up_to_the_tolerance(shift):
    pair = (square(shift), labels_of(square()))
    assert score_contours([pair], 2, tolerance_px=shift).f1 == 1
    got = score_contours([pair], 2, tolerance_px=shift - 0.5)
    # 76 contour pixels. One of the two upright sides, 20, lies `shift` outside;
    # of the other, and of the rows, what lies over the true contour is near.
    assert 0.4 < got.precision < 1
    assert got.precision == got.recall


def test_the_shares_by_hand():
    # Found: the true square's contour of 12 pixels (4x4) and a far pixel.
    true = np.zeros((20, 20))
    true[2:6, 2:6] = 1
    found = true.copy()
    found[15, 15] = 1
    got = score_contours([(found, labels_of(true))], 2, tolerance_px=2)
    assert (got.precision, got.recall) == (12 / 13, 1)
    assert got.f1 == pytest.approx(24 / 25)


def test_images_are_pooled_and_not_averaged():
    big, small = square(), np.zeros((20, 20))
    small[5, 5] = 1
    pairs = [(big, labels_of(big)), (np.zeros((20, 20)), labels_of(small))]
    assert score_contours(pairs, 2).recall == 76 / 77


def test_distance_is_euclidean():
    true, found = np.zeros((9, 9)), np.zeros((9, 9))
    true[1, 1] = found[4, 5] = 1  # 3 and 4 apart: 5
    pair = (found, labels_of(true))
    assert score_contours([pair], 2, tolerance_px=4.9).f1 == 0
    assert score_contours([pair], 2, tolerance_px=5).f1 == 1


def test_borders_and_ignored_pixels_make_no_contour():
    labels = np.full((10, 10), 2, np.uint8)
    assert math.isnan(score_contours([(np.ones((10, 10)), labels)], 2).f1)
    labels[:, 5:] = 0
    nothing = score_contours([(np.ones((10, 10)), labels)], 2)
    assert math.isnan(nothing.f1)
    found = np.ones((10, 10))
    found[2, 8] = 0  # where it is ignored
    assert math.isnan(score_contours([(found, labels)], 2).f1)


def test_a_contour_on_one_side_only_scores_zero():
    empty = np.zeros((40, 40))
    assert score_contours([(empty, labels_of(square()))], 2).f1 == 0
    missed = score_contours([(square(), labels_of(empty))], 2)
    assert missed.f1 == missed.precision == 0
    assert math.isnan(missed.recall)


def test_bad_input_is_refused_by_value():
    pair = (square(), labels_of(square()))
    for tolerance in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="tolerance"):
            score_contours([pair], 2, tolerance_px=tolerance)
    with pytest.raises(DataError, match="differ in shape"):
        score_contours([(square(), labels_of(square())[1:])], 2)
