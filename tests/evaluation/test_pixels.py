"""Scores against tables counted by hand and against counting all pairs."""

import dataclasses
import math

import numpy as np
import pytest

from dense_transformer.errors import DataError
from dense_transformer.evaluation import rank, roc_curve, score


def table(*rows):
    """Return one image pair of rows (probability, label)."""
    probability, labels = zip(*rows, strict=True)
    return np.array(probability)[None], np.array(labels, np.uint8)[None]


def all_pairs_auc(pairs, foreground):
    """Return the share of pairs in the right order, ties half: O(n^2)."""
    values = np.concatenate([p.ravel() for p, _ in pairs])
    labels = np.concatenate([q.ravel() for _, q in pairs])
    found = values[labels == foreground][:, None]
    other = values[(labels != foreground) & (labels > 0)][None]
    return ((found > other) + 0.5 * (found == other)).mean()


def best_f1(pairs, foreground):
    """Return the best F1 of all thresholds, each counted anew."""
    values = np.concatenate([p.ravel() for p, _ in pairs])
    labels = np.concatenate([q.ravel() for _, q in pairs])
    values, truth = values[labels > 0], labels[labels > 0] == foreground
    results = []
    for threshold in np.unique(values):
        hit = values >= threshold
        tp, fp, fn = (hit & truth).sum(), (hit & ~truth).sum(), (~hit & truth).sum()
        results.append((2 * tp / (2 * tp + fp + fn), threshold))
    return max(results)


def scenes(seed, count=3, classes=2, digits=2):
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(count):
        labels = rng.integers(0, classes + 1, (20, 17)).astype(np.uint8)
        noise = rng.normal(0, 0.4, labels.shape)
        probability = 1 / (1 + np.exp(-1.0 * (labels == classes) - noise * 3))
        pairs.append((np.round(probability, digits).astype(np.float32), labels))
    return pairs


def test_a_table_counted_by_hand():
    # Found at 0.5: .9 .8 .6 .5 of the foreground .9 .8 .5 .2 and other .6 .4 .3 .1.
    # Pairs in order: .9 4, .8 4, .5 3, .2 1 = 12 of 16. F1 by threshold: .9 2/5,
    # .8 4/6, .6 4/7, .5 6/8, .4 6/9, .3 6/10, .2 8/11, .1 8/12.
    pair = table(
        (0.9, 2), (0.8, 2), (0.6, 1), (0.5, 2), (0.4, 1), (0.3, 1), (0.2, 2), (0.1, 1),
        (0.99, 0), (0.0, 0), (float("nan"), 0),
    )  # fmt: skip
    got = score([pair])
    assert got.auc == 12 / 16
    assert (got.f1, got.threshold) == (0.75, 0.5)
    assert got.f1_half == 0.75
    assert (got.precision, got.recall) == (0.75, 0.75)
    assert got.false_positive_rate == 0.25
    assert got.iou == 3 / 5
    assert got.pixels == 8


def test_ties_count_half():
    assert score([table((0.5, 2), (0.5, 1))]).auc == 0.5
    # (.7 > .7)/2 + (.7 > .1) + (.4 > .1) + 0 of 4
    assert score([table((0.7, 2), (0.4, 2), (0.7, 1), (0.1, 1))]).auc == 2.5 / 4


def test_perfect_and_inverted_probabilities_have_area_one_and_zero():
    assert score([table((0.8, 2), (0.7, 2), (0.2, 1))]).auc == 1.0
    assert score([table((0.1, 2), (0.7, 1))]).auc == 0.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("digits", [1, 2, 7])
def test_area_and_best_f1_are_those_of_counting_everything(seed, digits):
    pairs = scenes(seed, digits=digits)
    got = score(pairs)
    assert got.auc == pytest.approx(all_pairs_auc(pairs, 2), abs=1e-12)
    f1, threshold = best_f1(pairs, 2)
    assert got.f1 == pytest.approx(f1, abs=1e-12)
    assert got.threshold == pytest.approx(threshold, abs=1e-12)


def test_the_foreground_is_the_highest_class_unless_named():
    pairs = scenes(0, classes=3)
    assert score(pairs) == score(pairs, foreground=3)
    for label in (1, 2, 3):
        expected = all_pairs_auc(pairs, label)
        assert score(pairs, label).auc == pytest.approx(expected, abs=1e-12)
    assert score(pairs, 1) != score(pairs, 3)


def test_the_order_of_images_and_how_they_are_cut_does_not_matter():
    pairs = scenes(3)
    whole = (
        np.concatenate([p for p, _ in pairs]),
        np.concatenate([q for _, q in pairs]),
    )
    assert score(pairs) == score(reversed(pairs)) == score([whole])


def test_eight_bit_probabilities_are_shares_of_255():
    labels = np.array([[1, 2, 1, 2]], np.uint8)
    got = score([(np.array([[127, 128, 0, 255]], np.uint8), labels)])
    assert (got.auc, got.recall, got.false_positive_rate) == (1.0, 1.0, 0.0)
    assert got.threshold == 128 / 255


@pytest.mark.parametrize("spread", [0.5, 2.0, 8.0])
def test_bins_stay_within_their_bound_and_near_the_exact_scores(spread):
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 3, (300, 300)).astype(np.uint8)
    logit = rng.normal(np.where(labels == 2, 1.0, -1.0), 1.0) * spread
    pairs = [((1 / (1 + np.exp(-logit))).astype(np.float32), labels)]
    exact, binned = score(pairs), score(pairs, exact_pixels=1000)
    # Measured: area within 1.2e-7, best F1 within 7e-6.
    assert binned.auc == pytest.approx(exact.auc, abs=1e-6)
    assert binned.f1 == pytest.approx(exact.f1, abs=1e-4)
    same = {"auc", "f1", "threshold"}
    for name, value in dataclasses.asdict(exact).items():
        if name not in same:
            assert getattr(binned, name) == value, name


def test_bins_take_zero_one_and_a_half():
    pair = table((0.0, 1), (1.0, 2), (0.5, 2), (0.49999997, 1), (1.0, 1))
    exact, binned = score([pair]), score([pair], exact_pixels=0)
    assert (binned.recall, binned.false_positive_rate) == (1.0, 1 / 3)
    assert binned == dataclasses.replace(exact, threshold=binned.threshold)


def test_what_has_no_meaning_is_nan():
    nothing = score([])
    ignored = score([table((0.5, 0), (0.7, 0))])
    for got in (nothing, ignored):
        assert got.pixels == 0
        assert all(math.isnan(v) for v in dataclasses.astuple(got)[:-1])
    no_foreground = score([table((0.7, 1), (0.2, 1))])
    assert math.isnan(no_foreground.auc)
    assert math.isnan(no_foreground.f1)
    assert math.isnan(no_foreground.recall)
    assert (no_foreground.precision, no_foreground.false_positive_rate) == (0.0, 0.5)
    only_foreground = score([table((0.7, 2), (0.2, 2))])
    assert math.isnan(only_foreground.auc)
    assert only_foreground.f1 == 1.0
    nothing_found = score([table((0.2, 2), (0.1, 1))])
    assert math.isnan(nothing_found.precision)
    assert (nothing_found.f1_half, nothing_found.iou) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("probability", "labels", "says"),
    [
        (np.zeros((2, 3)), np.ones((3, 2), int), r"\(2, 3\) and labels \(3, 2\)"),
        (np.full((1, 1), np.nan), np.ones((1, 1), int), "nan"),
        (np.full((1, 1), 1.5), np.ones((1, 1), int), "1.5"),
        (np.full((1, 1), -0.1), np.ones((1, 1), int), "-0.1"),
        (np.zeros((1, 1)), np.ones((1, 1)), "float64"),
        (np.zeros((1, 1)), np.ones((1, 1), bool), "bool"),
        (np.zeros((1, 1)), np.full((1, 1), 256), "256"),
        (np.zeros((1, 1)), np.full((1, 1), -1), "-1"),
    ],
)
def test_what_can_not_be_compared_is_refused_by_value(probability, labels, says):
    with pytest.raises(DataError, match=says):
        score([(probability, labels)])


def test_the_curve_runs_from_nothing_to_everything_by_hand():
    curve = roc_curve([table((0.9, 2), (0.6, 1), (0.5, 2), (0.1, 1))])
    assert curve.thresholds.tolist() == [np.inf, 0.9, 0.6, 0.5, 0.1]
    assert curve.false_positive_rate.tolist() == [0, 0, 0.5, 0.5, 1]
    assert curve.true_positive_rate.tolist() == [0, 0.5, 0.5, 1, 1]
    assert math.isnan(curve.precision[0])
    assert curve.precision[1:].tolist() == [1, 0.5, 2 / 3, 0.5]
    assert curve.f1.tolist() == [0, 2 / 3, 0.5, 0.8, 2 / 3]
    assert curve.auc == 0.75


def test_a_thinned_curve_keeps_its_ends_and_its_area():
    pairs = scenes(1, digits=7)
    full, thin = roc_curve(pairs, points=10**6), roc_curve(pairs, points=50)
    assert 40 <= thin.thresholds.size <= 52
    ends = thin.false_positive_rate[[0, -1]], thin.true_positive_rate[[0, -1]]
    assert np.array_equal(ends, [[0, 1], [0, 1]])
    assert thin.auc == full.auc == score(pairs).auc
    area = np.trapezoid(thin.true_positive_rate, thin.false_positive_rate)
    assert area == pytest.approx(full.auc, abs=0.01)


def test_a_large_image_is_counted_in_pieces_like_a_small_one(monkeypatch):
    from dense_transformer.evaluation import ranking

    pairs = scenes(2)
    whole = score(pairs)
    monkeypatch.setattr(ranking, "_PIECE_PIXELS", 50)
    assert score(pairs) == whole


def test_the_bound_on_the_area_is_half_of_the_pairs_that_share_a_bin():
    # 0.3 and 0.3000001 share a bin, 0.9 and 0.1 have their own: of 4 pairs one
    # counts as a tie, half a pair of 4 from either order.
    pair = table((0.3, 2), (0.3000001, 1), (0.9, 2), (0.1, 1))
    ranking = rank([pair], exact_pixels=0)
    assert ranking.auc_error == 0.5 / 4
    assert rank([pair]).auc_error == 0.0
    exact, binned = score([pair]), score([pair], exact_pixels=0)
    assert (exact.auc, binned.auc) == (3 / 4, 3.5 / 4)
