"""A model that wasn't made for an image is said to be so, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from dense_transformer.inference import mismatch
from dense_transformer.types import Image
from dense_transformer.zoo import Card, load_model

EM = Card(name="membranes", pixel_nm=(4.0, 4.0))
ROAD = Card(name="roads", in_channels=3, height_px=192)
COLOURS = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
GRAY = COLOURS[..., 0]


def gray(nm: float | None = None) -> Image:
    return Image(GRAY, "yx", "gray", None if nm is None else (nm, nm))


def rgb(pixels: np.ndarray = COLOURS) -> Image:
    return Image(pixels, "yxc", "rgb")


def test_what_fits_is_not_spoken_of():
    for nm in (None, 4.0, 5.0, 10.0, 2.0):
        assert mismatch(EM, gray(nm), section=0) == ""
    assert mismatch(ROAD, rgb(), section=0) == ""


def test_colours_for_a_gray_model_are_said_and_the_other_way_round():
    words = mismatch(EM, rgb())
    assert "membranes was trained on gray images and this one is RGB" in words
    words = mismatch(ROAD, gray())
    assert "roads was trained on RGB images and this one is gray" in words
    many = Image(np.zeros((9, 9, 5)), "yxc", "many")
    assert "this one is 5-channel" in mismatch(EM, many)


def test_a_gray_image_saved_as_rgb_fits_a_gray_model_once_it_is_looked_at():
    saved = rgb(np.repeat(GRAY[..., None], 3, -1))
    assert "RGB" in mismatch(EM, saved)
    assert mismatch(EM, saved, section=0) == ""


@pytest.mark.parametrize(
    ("nm", "text"), [(20.0, "5 times larger"), (0.5, "8 times smaller")]
)
def test_pixels_of_another_scale_are_said(nm, text):
    assert text in mismatch(EM, gray(nm))
    assert text in mismatch(EM, gray(), (nm, nm)), "what a person set"
    assert mismatch(EM, gray(nm), (4.0, 4.0)) == "", "a person knows better"
    assert mismatch(ROAD, Image(COLOURS, "yxc", "road", (nm, nm))) == ""


def test_the_axis_that_is_further_off_counts():
    assert "5 times larger" in mismatch(EM, gray(), (4.0, 20.0))
    assert "4 × 20 nm" in mismatch(EM, gray(), (4.0, 20.0))


def test_an_image_with_nothing_in_it_is_said_once_it_is_looked_at():
    blank = Image(np.full((3, 30, 30), 7, np.uint8), "zyx", "blank")
    assert mismatch(EM, blank) == ""
    assert "same value" in mismatch(EM, blank, section=2)
    assert "same value" in mismatch(EM, Image(GRAY * np.nan, "yx", "nan"), section=0)


def test_the_shipped_models_are_known_apart():
    membranes, roads = load_model("em-membrane-dtn"), load_model("road-dtn")
    assert mismatch(membranes, rgb()) != "" == mismatch(roads, rgb())
    assert mismatch(roads, gray()) != "" == mismatch(membranes, gray(4.6))
