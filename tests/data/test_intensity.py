"""Normalisation: the same image in any type gives the same values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dense_transformer.data import Intensity, measure_intensity, read_section
from dense_transformer.types import Image

GRAY = np.random.default_rng(0).normal(120, 30, (90, 70)).clip(0, 255).astype(np.uint8)


def normalised(pixels, axes="yx"):
    image = Image(pixels, axes, "test")
    return measure_intensity(image).apply(read_section(image))


def test_known_answers():
    found = Intensity(10, 30).apply(np.array([[10, 20, 30, 0, 255]], np.uint8))
    assert_array_equal(found, [[[-1, 0, 1, -2, 2]]])
    assert found.dtype == np.float32


def test_percentiles_are_those_of_numpy():
    found = measure_intensity(Image(GRAY, "yx", "gray"))
    low, high = np.percentile(GRAY, [1, 99], method="nearest")
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize(
    ("dtype", "scale", "shift"),
    [("u2", 257, 0), (">u2", 257, 0), ("i2", 100, -9000), ("<i4", 8e6, -(2**30)),
     (">i4", 1, 0), ("u8", 2**55, 2**61), ("i8", -1, 0), ("f2", 1, 0), ("f4", 1e-3, 7),
     (">f8", 1e300, 0), ("f4", 1e-40, 0)],
)  # fmt: skip
def test_every_type_gives_the_same_values(dtype, scale, shift):
    whole = int if np.dtype(dtype).kind in "iu" else float
    values = GRAY.astype(object) * whole(scale) + whole(shift)
    expected = normalised(GRAY) if scale > 0 else -normalised(GRAY)
    found = normalised(np.array(values.tolist(), dtype=dtype))
    assert_allclose(found, expected, atol=2e-4 if dtype == "f4" else 1e-5)


def test_brightest_sixteen_bits_do_not_overflow():
    pixels = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    found = normalised(pixels)
    assert np.isfinite(found).all()
    assert_allclose([found.min(), found.max()], [-1, 1], atol=0.05)


def test_the_widest_range_of_float64_does_not_overflow():
    assert_array_equal(normalised(np.array([[-1.7e308, 0, 1.7e308]])), [[[-1, 0, 1]]])
    assert_array_equal(normalised(np.array([[1.5e308, 1.7e308]])), [[[-1, 1]]])


def test_booleans_become_minus_one_and_one():
    assert_array_equal(np.unique(normalised(GRAY > 120)), [-1, 1])


def test_few_bright_pixels_on_black_are_not_lost():
    pixels = np.zeros((100, 100), np.uint8)
    pixels[3, 4] = 200  # below the 99th percentile
    assert normalised(pixels)[0, 3, 4] == 1


@pytest.mark.parametrize("value", [0, 7, -3.5, np.nan, np.inf, 1e308])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (30, 20)])
def test_constant_images_become_zero(value, shape):
    assert_array_equal(normalised(np.full(shape, value)), np.zeros((1, *shape)))


def test_nan_and_infinity_are_replaced_and_do_not_count():
    pixels = GRAY.astype(np.float32)
    clean = normalised(pixels)
    pixels[0, :3] = np.nan, np.inf, -np.inf
    image = Image(pixels, "yx", "test")
    found = measure_intensity(image).apply(read_section(image))
    assert_array_equal(found[0, 0, :3], [0, 2, -2])
    assert_allclose(found[0, 1:], clean[0, 1:], atol=0.05)
    pixels[:60] = np.nan
    pixels[60:70] = np.inf
    intensity = measure_intensity(image)
    low, high = np.percentile(GRAY[70:], [1, 99], method="nearest")
    assert (intensity.low, intensity.high) == (low, high)


def test_channels_share_one_range_so_colours_keep_their_ratio():
    colours = np.stack([GRAY // 4, GRAY // 2, GRAY], -1)
    image = Image(colours, "yxc", "test")
    low, high = np.percentile(colours, [1, 99], method="nearest")
    intensity = measure_intensity(image)
    assert (intensity.low, intensity.high) == (low, high)
    assert intensity.apply(colours).shape == (3, 90, 70)


def test_a_tile_is_normalised_as_in_the_whole_image():
    intensity = measure_intensity(Image(GRAY, "yx", "test"))
    whole, tile = intensity.apply(GRAY), intensity.apply(GRAY[20:50, 10:40])
    assert_array_equal(whole[:, 20:50, 10:40], tile)


def test_sections_are_measured_on_their_own():
    stack = np.stack([GRAY, GRAY // 2])
    image = Image(stack, "zyx", "test")
    assert measure_intensity(image, 1).high == measure_intensity(image).high // 2


class Watched:
    """An array that remembers how many pixels were asked for."""

    def __init__(self, array):
        self.array, self.asked = array, 0
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key):
        part = self.array[key]
        self.asked += part.size
        return part


def test_large_images_are_measured_in_part_and_alike():
    y, x = np.ogrid[:1900, :1300]
    noise = np.random.default_rng(0).integers(0, 150, (1900, 1300), np.uint8)
    pixels = noise + (y // 30 + x // 30).astype(np.uint8)
    watched = Watched(pixels)
    image = Image(watched, "yx", "large")
    found = measure_intensity(image)
    low, high = np.percentile(pixels, [1, 99])
    assert watched.asked <= 1024**2
    assert abs(found.low - low) <= 2
    assert abs(found.high - high) <= 2
    assert measure_intensity(image) == found  # no random draw


def test_the_source_is_not_changed():
    pixels = GRAY.astype(np.float32)
    pixels[0, 0] = np.nan
    pixels.setflags(write=False)
    normalised(pixels)
    assert np.isnan(pixels[0, 0])
