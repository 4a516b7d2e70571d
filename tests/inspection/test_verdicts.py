"""Which prediction is better is told by one score and one rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_models import CONFIG, image_of, model_of, moving_dtn

from dense_transformer.evaluation import score, score_contours
from dense_transformer.inspection.asking import inspect_image
from dense_transformer.inspection.changes import Judgement
from dense_transformer.inspection.export.report import verdict
from dense_transformer.inspection.export.tally import Tally
from dense_transformer.inspection.findings import Questions
from dense_transformer.inspection.verdicts import (
    describe_ablated,
    describe_many,
    describe_rivals,
    weigh,
)
from dense_transformer.work import finish

PAIR = np.eye(6), np.eye(6, dtype=np.uint8) + 1


def judged(best: float, half: float = 0.5, contours: float = 0.5) -> Judgement:
    """Return a judgement of these scores."""
    known = score([PAIR], 2), score_contours([PAIR], 2)
    return Judgement(
        replace(known[0], f1=best, f1_half=half), replace(known[1], f1=contours)
    )


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [(0.9, 0.88, "better"), (0.88, 0.9, "worse"), (0.9, 0.8975, "alike"),
     (0.9, 0.9, "alike"), (0.9, float("nan"), "unknown")],
)  # fmt: skip
def test_less_than_the_noise_between_seeds_is_no_difference(first, second, word):
    assert weigh(judged(first), judged(second)) == word


def test_no_other_score_has_a_say():
    one, two = judged(0.9, half=0.2, contours=0.1), judged(0.88, 0.9, 0.9)
    assert weigh(one, two) == "better"
    assert "its own warp helps" in describe_ablated(one, two)
    assert "a is better on this image" in describe_rivals(("a", "b"), (one, two))


def test_a_difference_within_the_noise_is_called_the_same_wherever_it_is_told():
    one, two = judged(0.9), judged(0.8985)
    words = "less than another seed changes"
    assert words in describe_ablated(one, two)
    assert words in describe_rivals(("a", "b"), (one, two))
    assert words in describe_many([one], [two])


def test_ties_over_several_images_are_counted_apart():
    learned = [judged(f1) for f1 in (0.90, 0.90, 0.90, 0.90, float("nan"))]
    other = [judged(f1) for f1 in (0.88, 0.90, 0.902, 0.95, 0.5)]
    words = describe_many(learned, other)
    assert "from 0.9000 to 0.9080: the learned prediction is worse" in words
    assert words.endswith(
        "Of 5 images the learned prediction is better on 1, worse on 1, "
        "no different on 2, not to be scored on 1."
    )


def test_an_image_of_one_tile_leaves_out_what_needs_another():
    image, model = image_of((20, 20)), model_of(moving_dtn())
    asked = Questions(ablate=("identity", "mean", "other tile"), film=False)
    found = finish(inspect_image(model, image, CONFIG, asked))
    assert [one.name for one in found.alternatives] == ["level2-identity"]
    assert found.not_applicable == ("mean", "other tile")
    text = "Not applicable: the mean warp of all tiles and another tile's warp."
    assert text in " ".join(verdict(found))
    wide = finish(inspect_image(model, image_of(), CONFIG, asked))
    assert len(wide.alternatives) == 3
    assert "Not applicable" not in " ".join(verdict(wide))


def test_images_of_one_tile_are_left_out_of_the_mean_over_images():
    model = model_of(moving_dtn())
    asked = Questions(ablate=("identity", "mean"), film=False)
    tally = Tally()
    for size in ((20, 20), (48, 80)):
        truth = np.ones(size, np.uint8)
        truth[::2] = 2
        image = image_of(size)
        tally.add(finish(inspect_image(model, image, CONFIG, asked, labels=truth)))
    rows = {row[0]: row for row in tally.table().rows}
    assert [row[-1] for row in rows.values()] == ["2", "2", "1"]
    words = " ".join(tally.words())
    assert "on average over 1 images" not in words
    assert "1 of 2 images: Not applicable: the mean warp of all tiles." in words
