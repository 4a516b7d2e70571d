"""Tiles may come in any order; what is finished is let go."""

from __future__ import annotations

import numpy as np
import pytest
from known_networks import image_of

from dense_transformer.inference.blend import Blend, merge_boxes
from dense_transformer.inference.source import open_view
from dense_transformer.inference.tiles import plan_tiles


@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.75])
def test_any_order_gives_the_same_and_ends_with_nothing_open(overlap):
    rng = np.random.default_rng(0)
    size = (100, 130)
    view = open_view(image_of(np.zeros(size, np.uint8)), 0, 1, None, None)
    plan = plan_tiles(size, (32, 48), overlap)
    tiles = {place: rng.random((1, 32, 48), np.float32) for place in plan.order()}
    found = []
    for shuffle in range(3):
        order = plan.order()
        if shuffle:
            rng.shuffle(order)
        probability, labels = np.zeros(size, np.float32), np.zeros(size, np.uint8)
        blend = Blend(plan, view, probability, labels)
        times = np.zeros(size, int)
        for place in order:
            for top, left, bottom, right in blend.add(*place, tiles[place]):
                times[top:bottom, left:right] += 1
        assert blend.open_cells == 0
        assert (times == 1).all()
        found.append(probability)
    np.testing.assert_allclose(found[1], found[0], atol=1e-6)
    np.testing.assert_allclose(found[2], found[0], atol=1e-6)


def test_row_by_row_only_one_row_of_cells_stays_open():
    size = (2000, 300)
    view = open_view(image_of(np.zeros(size, np.uint8)), 0, 1, None, None)
    plan = plan_tiles(size, (32, 32), 0.25)
    blend = Blend(plan, view, np.zeros(size, np.float32), np.zeros(size, np.uint8))
    most = 0
    for place in plan.order():
        blend.add(*place, np.zeros((1, 32, 32), np.float32))
        most = max(most, blend.open_cells)
    assert most <= 2 * 2 * len(plan.columns.starts)


def test_joined_boxes_cover_what_the_single_ones_did():
    rng = np.random.default_rng(1)
    grid = rng.random((9, 11)) < 0.6
    boxes = [(3 * r, 5 * c, 3 * r + 3, 5 * c + 5) for r, c in np.argwhere(grid)]
    merged = merge_boxes([tuple(map(int, b)) for b in boxes])
    cover = np.zeros((27, 55), int)
    for top, left, bottom, right in merged:
        cover[top:bottom, left:right] += 1
    np.testing.assert_array_equal(cover, np.kron(grid, np.ones((3, 5), int)))
    assert len(merged) < len(boxes)
    assert merge_boxes([(0, 0, 2, 2), (0, 2, 2, 4), (2, 0, 4, 4)]) == [(0, 0, 4, 4)]
