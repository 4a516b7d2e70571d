"""PNG, JPEG, folders of slices, and pieces of any image."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image as PilImage

from dense_transformer.data import read_image, read_section
from dense_transformer.errors import ImageError
from dense_transformer.types import Image

RAMP = np.arange(24 * 31, dtype=np.uint16).reshape(24, 31) * 80
COLOURS = np.random.default_rng(0).integers(0, 256, (24, 31, 3), np.uint8)


def test_png_of_every_depth_reads_back(tmp_path):
    path = tmp_path / "a.png"
    for pixels in (
        RAMP,
        (RAMP >> 8).astype(np.uint8),
        COLOURS,
        COLOURS * np.uint16(257),
    ):
        path.write_bytes(imagecodecs.png_encode(pixels))
        found = read_section(read_image(path))
        assert found.dtype == pixels.dtype
        assert_array_equal(found.reshape(pixels.shape), pixels)


def test_png_of_one_bit_alpha_and_palette(tmp_path):
    path = tmp_path / "a.png"
    bits = RAMP > 20_000
    PilImage.fromarray(bits).save(path)
    assert_array_equal(read_section(read_image(path))[..., 0], bits)
    alpha = np.full((24, 31, 1), 7, np.uint8)
    PilImage.fromarray(np.concatenate([COLOURS, alpha], 2)).save(path)
    assert_array_equal(read_section(read_image(path)), COLOURS)
    few = PilImage.fromarray(COLOURS).quantize(8)
    few.save(path)
    assert_array_equal(read_section(read_image(path)), np.array(few.convert("RGB")))


def test_jpeg_is_close_to_what_was_saved(tmp_path):
    smooth = np.stack([np.add.outer(np.arange(40), np.arange(48))] * 3, 2) * 2
    PilImage.fromarray(smooth.astype(np.uint8)).save(tmp_path / "a.jpg", quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert (image.axes, image.size, image.name) == ("yxc", (40, 48), "a")
    assert np.abs(read_section(image).astype(int) - smooth).max() <= 6


def test_what_a_file_is_is_told_by_its_content(tmp_path):
    PilImage.fromarray(COLOURS).save(tmp_path / "a.tif", format="PNG")
    assert_array_equal(read_section(read_image(tmp_path / "a.tif")), COLOURS)


def test_box_outside_or_empty_is_refused(tmp_path):
    image = Image(RAMP, "yx", "ramp")
    for box in ((0, 0, 25, 31), (-1, 0, 5, 5), (3, 3, 3, 9), (0, 5, 5, 2)):
        with pytest.raises(ImageError, match="24 x 31"):
            read_section(image, 0, box)
    with pytest.raises(ImageError, match="use 0 to 0"):
        read_section(image, 1)
    assert_array_equal(read_section(image, 0, (23, 30, 24, 31)), [[[RAMP[23, 30]]]])


def test_nan_and_infinity_come_out_as_they_are(tmp_path):
    pixels = np.array([[np.nan, 1.0], [-np.inf, np.inf]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    assert_array_equal(read_section(read_image(tmp_path / "a.tif"))[..., 0], pixels)


def test_folder_is_a_stack_in_the_order_of_its_numbers(tmp_path):
    for z in (10, 9, 100, 1):
        pixels = np.full((6, 7), z, np.uint8)
        tifffile.imwrite(tmp_path / f"slice{z}.tif", pixels, compression="zlib")
    (tmp_path / "notes.txt").write_text("no slice")
    (tmp_path / ".hidden.tif").write_bytes(b"")
    (tmp_path / "folder.tif").mkdir()
    (tmp_path / "folder.tif").rmdir()
    image = read_image(tmp_path)
    assert (image.axes, image.data.shape, image.name) == (
        "zyx",
        (4, 6, 7),
        tmp_path.name,
    )
    assert [int(read_section(image, z)[0, 0, 0]) for z in range(4)] == [1, 9, 10, 100]


def test_folder_reads_only_the_slice_asked_for(tmp_path):
    for z in range(4):
        PilImage.fromarray(COLOURS + np.uint8(z)).save(tmp_path / f"{z}.png")
    image = read_image(tmp_path)
    (tmp_path / "1.png").write_bytes(b"rubbish, but nobody looks")
    assert_array_equal(read_section(image, 2), COLOURS + np.uint8(2))
    with pytest.raises(ImageError, match=r"1\.png"):
        read_section(image, 1)


def test_slices_that_differ_are_named(tmp_path):
    for z, shape in enumerate([(6, 7), (6, 8), (6, 7)]):
        PilImage.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / f"{z}.png")
    image = read_image(tmp_path)
    with pytest.raises(ImageError, match=r"1\.png has size \(6, 8\).*\(6, 7\)"):
        read_section(image, 1)
    PilImage.fromarray(np.zeros((6, 7), np.uint16)).save(tmp_path / "2.png")
    with pytest.raises(ImageError, match=r"2\.png holds uint16"):
        read_image(tmp_path)


def test_folder_without_images_or_with_stacks_is_refused(tmp_path):
    with pytest.raises(ImageError, match="holds no image"):
        read_image(tmp_path)
    tifffile.imwrite(tmp_path / "0.tif", np.zeros((5, 8, 8), np.uint8))
    with pytest.raises(ImageError, match="is a stack itself"):
        read_image(tmp_path)
