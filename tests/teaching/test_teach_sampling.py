"""Patches to learn from: every place, classes alike, nothing that isn't annotated."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from small_lessons import write_small_model

from dense_transformer.config import AugmentConfig
from dense_transformer.data import Pair
from dense_transformer.errors import DataError
from dense_transformer.teaching.replay import open_replay
from dense_transformer.teaching.sampling import Draws, Spot, draw_batch, visited
from dense_transformer.zoo import load_model

STILL = AugmentConfig(
    flips=False, turns=False, warp_share=0, brightness=0, contrast=0, gamma=0, noise=0,
    blur_share=0,
)  # fmt: skip


def spot(box, side=64, seed=0, label=None):
    """A piece of image whose pixels tell where they lie, annotated in one box."""
    labels = np.zeros((side, side), np.uint8)
    top, left, bottom, right = box
    drawn = np.random.default_rng(seed).integers(1, 3, (bottom - top, right - left))
    labels[top:bottom, left:right] = drawn if label is None else label
    pixels = np.arange(side * side, dtype=np.float32).reshape(1, side, side)
    return Spot(Pair("piece", pixels / side**2, labels), box)


def draws(augment=STILL, batch=3, replay=0.0):
    return Draws((32, 32), batch, 7, augment, replay)


def test_every_place_is_visited_before_one_is_visited_again():
    for count in (1, 3, 17):
        order = [visited(count, number, seed=4) for number in range(3 * count)]
        for start in range(0, 3 * count, count):
            assert sorted(order[start : start + count]) == list(range(count))
    assert [visited(17, n, 4) for n in range(17)] != [
        visited(17, n, 5) for n in range(17)
    ]


def test_a_step_is_a_function_of_seed_and_step():
    spots = [spot((5, 9, 20, 30)), spot((40, 40, 44, 62), seed=1)]
    first, again = (draw_batch(spots, (), draws(AugmentConfig()), 11) for _ in range(2))
    other = draw_batch(spots, (), draws(AugmentConfig()), 12)
    assert torch.equal(first.pixels, again.pixels)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.pixels, other.pixels)


@pytest.mark.parametrize("augment", [STILL, AugmentConfig()], ids=["still", "varied"])
@pytest.mark.parametrize(
    "box", [(0, 0, 2, 40), (62, 30, 64, 64), (4, 4, 60, 60), (30, 30, 31, 31)]
)
def test_every_patch_holds_something_annotated_and_nothing_else_counts(box, augment):
    one = spot(box)
    for step in range(20):
        batch = draw_batch([one], (), draws(augment), step)
        assert (batch.labels > 0).flatten(1).any(1).all()
    if augment is STILL:  # a label is that of its own pixel, and 0 elsewhere
        index = (batch.pixels[:, 0] * 64**2).round().long()
        truth = torch.from_numpy(one.pair.labels.copy()).flatten()[index]
        shown = batch.labels > 0
        assert torch.equal(batch.labels[shown], truth[shown])
        assert int(shown.sum()) <= 3 * (box[2] - box[0]) * (box[3] - box[1])


def test_a_rare_class_is_drawn_as_often_as_a_common_one():
    labels = np.ones((200, 200), np.uint8)
    labels[10:12, 10:12] = 2  # 1 in 10 000
    whole = Spot(
        Pair("piece", np.zeros((1, 200, 200), np.float32), labels), (0, 0, 200, 200)
    )
    found = 0
    for step in range(40):
        batch = draw_batch([whole], (), draws(), step)
        found += int((batch.labels == 2).flatten(1).any(1).sum())
    assert 0.4 < found / 120 < 0.75  # by chance alone it would be 1 in 37


def test_the_share_of_replayed_patches_is_exact_and_places_are_still_all_visited():
    spots = [spot((5, 5, 9, 9), label=1), spot((40, 40, 44, 44), label=1)]
    other = Pair(
        "other", np.zeros((1, 64, 64), np.float32), np.full((64, 64), 2, np.uint8)
    )
    kinds = Counter()
    for step in range(8):
        batch = draw_batch(spots, [other], draws(batch=4, replay=0.25), step)
        kinds.update(int(labels.max()) for labels in batch.labels)
    assert kinds == {1: 24, 2: 8}


def test_nothing_to_learn_from_is_said():
    with pytest.raises(DataError, match="nothing is annotated"):
        draw_batch([], (), draws(), 0)
    empty = Spot(
        Pair("p", np.zeros((1, 9, 9), np.float32), np.zeros((9, 9), np.uint8)),
        (0, 0, 3, 3),
    )
    with pytest.raises(DataError, match="nothing is annotated in the box"):
        draw_batch([empty], (), draws(), 0)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return load_model(write_small_model(tmp_path_factory.mktemp("m") / "m.safetensors"))


def test_a_models_own_sample_is_seen_at_its_own_scale_whatever_zoom_it_was_taught(
    small,
):
    card = dataclasses.replace(small.card, zoom=2.0)
    zoomed = dataclasses.replace(small, card=card)
    own, found = open_replay(small), open_replay(zoomed)
    assert len(own) == len(found) > 0
    for one, other in zip(own, found, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.labels, other.labels)


def test_a_models_own_sample_is_seen_at_the_pixel_size_that_it_was_made_for(small):
    coarse, fine = (
        open_replay(
            dataclasses.replace(
                small, card=dataclasses.replace(small.card, pixel_nm=(size, size))
            )
        )
        for size in (8.0, 4.0)
    )
    assert coarse
    for one, other in zip(coarse, fine, strict=True):
        sizes = np.array([one.labels.shape, other.labels.shape])
        assert np.allclose(2 * sizes[0], sizes[1], atol=1)
