"""Whether a transformer looks at its images, in numbers and in words."""

from __future__ import annotations

import math

import pytest
from known_warps import make_warp, shift

from dense_transformer.errors import DataError
from dense_transformer.inspection import compare_images, describe_spread

BOXES = [(0, 0, 64, 96), (0, 48, 64, 144)]


def image(name, *shifts):
    tiles = zip(BOXES, shifts, strict=False)
    return name, [make_warp(shift(*by), 3, box) for box, by in tiles]


def test_the_same_warp_everywhere_is_all_common():
    images = [image(name, (1.5, -2), (1.5, -2)) for name in "abc"]
    (numbers,) = compare_images(images)
    assert numbers.common_share == pytest.approx(1)
    assert (numbers.shift_px, numbers.common_px) == pytest.approx((10, 10))
    assert (numbers.between_px, numbers.within_px) == pytest.approx((0, 0), abs=1e-9)
    words = describe_spread(numbers)
    assert "does the same to every image" in words
    assert "100%" in words
    assert "3 images" in words


def test_opposite_warps_have_nothing_in_common():
    images = [image("left", (0, 1), (0, 1)), image("right", (0, -1), (0, -1))]
    (numbers,) = compare_images(images)
    assert numbers.common_share == pytest.approx(0)
    assert numbers.between_px == pytest.approx(4)
    assert numbers.within_px == pytest.approx(0)
    assert "answers to its input" in describe_spread(numbers)


def test_the_squares_add_up_and_images_count_alike():
    images = [image("a", (1, 0), (2, 0)), image("b", (0, 3))]
    (numbers,) = compare_images(images)
    assert numbers.tiles == 3
    # a's mean is 1.5 units, b's 3 to the right; the common one is (0.75, 1.5)
    assert numbers.common_px == pytest.approx(4 * math.hypot(0.75, 1.5))
    assert numbers.between_px == pytest.approx(4 * math.hypot(0.75, 1.5))
    assert numbers.within_px == pytest.approx(4 * math.sqrt(0.25 / 2))
    total = numbers.common_px**2 + numbers.between_px**2 + numbers.within_px**2
    assert numbers.shift_px**2 == pytest.approx(total)
    assert numbers.least == ("a", pytest.approx(6))
    assert numbers.most == ("b", pytest.approx(12))


def test_a_small_answer_on_a_large_fixed_warp_is_called_little():
    images = [image("a", (2, 1), (2, -1)), image("b", (2, 1), (2, -1))]
    (numbers,) = compare_images(images)
    assert numbers.common_share == pytest.approx(0.8)
    assert "answers a little to its input" in describe_spread(numbers)


def test_an_identity_does_nothing():
    (numbers,) = compare_images([image("a", (0, 0), (0, 0))])
    assert math.isnan(numbers.common_share)
    assert "next to nothing" in describe_spread(numbers)


def test_one_tile_tells_nothing():
    (numbers,) = compare_images([image("a", (2, 0))])
    assert "nobody can tell" in describe_spread(numbers)


def test_tiles_of_one_image_can_be_told_apart():
    (numbers,) = compare_images([image("a", (2, 0), (2, 0))])
    assert "the same to every tile" in describe_spread(numbers)


def test_images_of_different_networks_are_refused():
    four = image("a", (1, 0))
    nine = ("b", [make_warp(shift(1, 0), 3, lattice=(3, 3))])
    deeper = ("c", [make_warp(shift(1, 0), 4)])
    with pytest.raises(DataError, match=r"\[4, 9\]"):
        compare_images([four, nine])
    with pytest.raises(DataError, match="c has no warps of level 3"):
        compare_images([four, deeper])
    with pytest.raises(DataError, match="no images"):
        compare_images([])
