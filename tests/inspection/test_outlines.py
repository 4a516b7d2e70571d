"""Outlines enclose a mask exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from dense_transformer.inspection.outlines import trace_outlines


def signed_area(polygon: np.ndarray) -> float:
    y, x = polygon.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def test_one_unit_has_its_four_corners_clockwise_on_screen():
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = True
    (outline,) = trace_outlines(mask)
    corners = [[0.5, 1.5], [0.5, 2.5], [1.5, 2.5], [1.5, 1.5]]
    start = corners.index(outline[0].tolist())
    assert outline.tolist() == corners[start:] + corners[:start]


def test_straight_borders_have_corners_only_at_their_ends():
    mask = np.zeros((9, 9), bool)
    mask[2:7, 1:8] = True
    (outline,) = trace_outlines(mask)
    assert len(outline) == 4


def test_a_ring_has_an_outer_and_an_inner_outline():
    mask = np.ones((5, 6), bool)
    mask[2:4, 2:4] = False
    areas = sorted(signed_area(one) for one in trace_outlines(mask))
    assert areas == [-4, 30]


def test_units_that_touch_at_a_corner_are_two_parts():
    mask = np.eye(2, dtype=bool)
    outlines = trace_outlines(mask)
    assert [signed_area(one) for one in outlines] == [1, 1]
    assert all(len(one) == 4 for one in outlines)


@pytest.mark.parametrize("seed", range(5))
def test_signed_areas_sum_to_the_mask_and_parts_are_its_parts(seed):
    mask = np.random.default_rng(seed).random((12, 17)) < 0.5
    areas = [signed_area(one) for one in trace_outlines(mask)]
    assert sum(areas) == mask.sum()
    assert sum(area > 0 for area in areas) == label(mask)[1]  # 4-neighbours
    islands = label(np.pad(~mask, 1, constant_values=True), np.ones((3, 3)))[1] - 1
    assert sum(area < 0 for area in areas) == islands


@pytest.mark.parametrize("fill", [False, True])
def test_an_empty_and_a_full_mask(fill):
    outlines = trace_outlines(np.full((4, 5), fill))
    assert len(outlines) == int(fill)
