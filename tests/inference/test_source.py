"""A tile is what the same place of the whole, resampled image would be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from known_networks import image_of, model_of, tiny_dtn

from dense_transformer.config import PredictConfig
from dense_transformer.data import measure_intensity, resample
from dense_transformer.errors import ImageError
from dense_transformer.inference import predict
from dense_transformer.inference.source import open_view
from dense_transformer.work import finish


def pixels_of(height, width, channels=None, seed=0):
    rng = np.random.default_rng(seed)
    shape = (height, width) if channels is None else (height, width, channels)
    return rng.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixel_nm", "model_nm"),
    [((4.0, 4.0), (8.0, 8.0)), ((10.0, 4.0), (7.0, 9.0)), ((4.0, 4.0), (3.1, 2.2))],
)
def test_tiles_are_cut_from_the_image_at_the_models_pixel_size(pixel_nm, model_nm):
    image = image_of(pixels_of(120, 150))
    view = open_view(image, 0, 1, pixel_nm, model_nm)
    factor = pixel_nm[0] / model_nm[0], pixel_nm[1] / model_nm[1]
    whole = resample(measure_intensity(image).apply(image.data), factor)
    assert view.size == whole.shape[1:]
    h, w = view.size
    for top, left in [(0, 0), (3, 11), (h - 32, w - 40)]:
        tile = view.read((top, left, top + 32, left + 40))
        np.testing.assert_allclose(
            tile, whole[:, top : top + 32, left : left + 40], atol=1e-4
        )


def test_a_tile_larger_than_the_image_is_its_mirror():
    image = image_of(pixels_of(9, 13))
    view = open_view(image, 0, 1, None, None)
    whole = measure_intensity(image).apply(image.data)
    padded = np.pad(whole[0], ((10, 13), (7, 12)), mode="reflect")
    np.testing.assert_array_equal(view.read((-10, -7, 22, 25))[0], padded)


def test_equal_pixel_sizes_leave_the_pixels_alone():
    image = image_of(pixels_of(40, 50))
    view = open_view(image, 0, 1, (4.02, 4.0), (4.0, 4.0))
    assert view.size == (40, 50)
    whole = measure_intensity(image).apply(image.data)
    np.testing.assert_array_equal(view.read((2, 3, 34, 35)), whole[:, 2:34, 3:35])


def test_absurd_pixel_sizes_are_refused_with_a_way_out():
    with pytest.raises(ImageError, match=r"pixels of \(352778\.0, 352778\.0\) nm.*set"):
        open_view(image_of(pixels_of(9, 9)), 0, 1, (352778.0,) * 2, (4.0, 4.0))


def test_a_section_that_is_not_there_is_named():
    stack = image_of(np.zeros((3, 20, 20), np.uint8), "zyx")
    with pytest.raises(ImageError, match="no section 3; use 0 to 2"):
        open_view(stack, 3, 1, None, None)


def test_an_empty_image_is_refused():
    with pytest.raises(ImageError, match="empty"):
        open_view(image_of(np.zeros((0, 20), np.uint8)), 0, 1, None, None)


def test_only_the_tile_and_its_margin_are_read():
    class Watched:
        shape, dtype = (5000, 6000), np.dtype(np.uint8)

        def __init__(self):
            self.reads = []

        def __getitem__(self, key):
            self.reads.append(tuple(s.stop - s.start for s in key))
            return np.full(self.reads[-1], 7, np.uint8)

    watched = Watched()
    image = image_of(watched)
    view = open_view(image, 0, 1, (4.0, 4.0), (8.0, 8.0))
    watched.reads.clear()
    view.read((100, 200, 164, 264))
    assert len(watched.reads) == 1
    assert max(watched.reads[0]) <= 2 * 64 + 8


@pytest.mark.parametrize(
    ("size", "seen"),
    [((1, 5000), (16, 80000)), ((16384, 2048), (1024, 128)), ((720, 1280), (192, 341))],
)
def test_odd_frames_are_resized_within_reason(size, seen):
    image = image_of(np.broadcast_to(np.uint8(7), size))
    assert open_view(image, 0, 1, None, None, 192).size == seen


@pytest.mark.parametrize("dtype", [complex, object, "U3", "M8[s]"])
def test_pixels_that_are_no_real_numbers_are_refused(dtype):
    image = image_of(np.zeros((20, 20), np.int64).astype(dtype))
    with pytest.raises(ImageError, match="give integers, floats or booleans"):
        open_view(image, 0, 1, None, None)


@pytest.mark.parametrize(
    ("pixel_nm", "height_px", "seen"),
    [(None, None, (60, 90)), ((4.0, 4.0), None, (30, 45)), (None, 80, (120, 180))],
)
def test_a_zoom_comes_on_top_of_pixel_size_and_height(pixel_nm, height_px, seen):
    image = image_of(pixels_of(40, 60))
    view = open_view(image, 0, 1, pixel_nm, (8.0, 8.0), height_px, 1.5)
    assert view.size == seen


def test_a_model_with_a_zoom_predicts_as_if_the_image_were_enlarged():
    """By hand: enlarge first, predict, and come back; away from the borders."""
    model = model_of(tiny_dtn())
    pixels = pixels_of(64, 80)
    zoomed = replace(model, card=replace(model.card, zoom=2.0))
    large = resample(measure_intensity(image_of(pixels)).apply(pixels), (2.0, 2.0))
    with torch.no_grad():
        logits = model.network(torch.from_numpy(large[None]))
    expected = resample(torch.softmax(logits, 1)[0].numpy(), (0.5, 0.5))[1]
    config = PredictConfig(device="cpu", precision="float32", tile=(256, 256))
    found = finish(predict(zoomed, image_of(pixels), config)).probability
    assert found.shape == (64, 80)
    np.testing.assert_allclose(found[8:-8, 8:-8], expected[8:-8, 8:-8], atol=0.02)
    plain = finish(predict(model, image_of(pixels), config)).probability
    assert np.abs(plain - expected)[8:-8, 8:-8].max() > 0.05
