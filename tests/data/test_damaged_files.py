"""Files that are cut off, forged or no images: a clear error, little memory."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest
import tifffile
from forging import png_bytes, tiff_bytes
from PIL import Image as PilImage

from dense_transformer.data import claims, read_image, read_section
from dense_transformer.errors import ImageError

NOISE = np.random.default_rng(0).integers(0, 256, (6, 40, 50), np.uint8)


def read_all(path):
    """Read every section."""
    image = read_image(path)
    for z in range(image.sections):
        read_section(image, z)


def refused(path, match):
    """Read all of it, expect the error, and expect that it cost little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=match) as caught:
            read_all(path)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert path.name in str(caught.value)


def files(folder):
    """One good file of each kind."""
    tifffile.imwrite(folder / "plain.tif", NOISE)
    tifffile.imwrite(folder / "tiles.tif", NOISE, tile=(16, 16), compression="zlib")
    tifffile.imwrite(folder / "imagej.tif", NOISE, imagej=True)
    tifffile.imwrite(folder / "big.tif", NOISE, bigtiff=True, byteorder=">")
    PilImage.fromarray(NOISE[0]).save(folder / "gray.png")
    PilImage.fromarray(NOISE[:3].transpose(1, 2, 0)).save(folder / "photo.jpg")
    with h5py.File(folder / "stack.h5", "w") as file:
        file.create_dataset("raw", data=NOISE, compression="gzip")
    return sorted(folder.iterdir())


def test_missing_file_and_missing_rights(tmp_path):
    with pytest.raises(ImageError, match=r"nothing\.tif can't be opened"):
        read_image(tmp_path / "nothing.tif")


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.h5", "a"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    refused(tmp_path / name, "is empty")


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.txt"])
@pytest.mark.parametrize("content", [b"PK\3\4 a zip", b"no image", b"\0" * 400, b"I"])
def test_file_that_is_no_image(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "is no image that is read here")


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.99])
def test_truncated_files_of_every_kind(tmp_path, share):
    for path in files(tmp_path):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        refused(path, "truncated|damaged|ends within|is no image|incomplete|only the")


def test_truncated_tiff_says_so_when_it_is_opened(tmp_path):
    for name in ("plain.tif", "tiles.tif", "imagej.tif", "big.tif"):
        path = next(p for p in files(tmp_path) if p.name == name)
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(ImageError, match="truncated"):
            read_image(path)


def test_tiff_with_swapped_byte_order_mark(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE[0], byteorder="<")
    path.write_bytes(b"MM" + path.read_bytes()[2:])
    refused(path, "bytes are swapped")


def test_tiff_of_a_few_hundred_bytes_claiming_200000_squared(tmp_path):
    path = tmp_path / "a.tif"
    for compression in (1, 5, 8, 50000):
        path.write_bytes(tiff_bytes(200_000, 200_000, compression=compression))
        assert path.stat().st_size < 268
        refused(path, "truncated|claims 37.3 GiB")


def test_tiff_with_more_entries_or_bytes_than_the_file_has(tmp_path):
    path = tmp_path / "a.tif"
    good = bytearray(tiff_bytes(8, 8))
    at = struct.unpack("<I", good[4:8])[0]
    forged = good.copy()
    forged[at : at + 2] = struct.pack("<H", 60_000)
    path.write_bytes(forged)
    refused(path, "60000 entries")
    forged = good.copy()
    forged[at + 2 + 12 * 5 + 4 : at + 2 + 12 * 5 + 8] = struct.pack("<I", 2**31)
    path.write_bytes(forged)
    refused(path, "tag 273 claims")


def test_tiff_whose_pages_form_a_loop(tmp_path):
    path = tmp_path / "a.tif"
    good = bytearray(tiff_bytes(8, 8))
    good[-4:] = good[4:8]
    path.write_bytes(good)
    refused(path, "loop")


def test_imagej_stack_with_fewer_pages_than_it_says(tmp_path):
    path = tmp_path / "a.tif"
    text = "ImageJ=1.53\nimages=6\nslices=6\n"
    with tifffile.TiffWriter(path) as file:
        for n, page in enumerate(NOISE[:4]):
            description = text if n == 0 else None
            file.write(page, description=description, metadata=None, contiguous=False)
    refused(path, "holds 6 pages and has 4")


def test_ome_stack_with_fewer_pages_than_it_says(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, NOISE, ome=True, metadata={"axes": "ZYX"})
    path.write_bytes(path.read_bytes().replace(b'SizeZ="6"', b'SizeZ="9"'))
    refused(path, "says that it holds 9 pages and has 6")


def test_tiff_with_pages_of_different_sizes(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(NOISE[0], metadata=None)
        file.write(NOISE[0, :30], metadata=None)
    refused(path, r"don't fit together \(\(40, 50\), \(30, 50\)\)")


def test_jpeg_in_a_tiff_tile_that_claims_more_than_the_tile(tmp_path):
    """Decoding it takes 3.4 GB and 20 s in libjpeg-turbo."""
    path = tmp_path / "a.jpg"
    PilImage.fromarray(NOISE[0, :16, :16]).save(path)
    stream = bytearray(path.read_bytes())
    at = stream.find(b"\xff\xc0")
    stream[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes(16, 16, bytes(stream), compression=7))
    refused(path, "claims 60000 x 60000 px inside")


@pytest.mark.parametrize("compression", [8, 50000])
def test_tiff_strip_that_inflates_too_far_is_cut_or_refused(tmp_path, compression):
    import imagecodecs

    encode = {8: imagecodecs.zlib_encode, 50000: imagecodecs.zstd_encode}[compression]
    path = tmp_path / "a.tif"
    path.write_bytes(
        tiff_bytes(16, 16, encode(bytes(4 * 2**20)), compression=compression)
    )
    refused(path, "damaged")


def test_png_claiming_more_than_its_bytes_can_hold(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(60_000, 60_000, zlib.compress(b"\0" * 1000)))
    refused(path, "claims 3.4 GiB of pixels")


def test_png_bomb_larger_than_memory_is_refused_before_decoding(tmp_path, monkeypatch):
    rows = zlib.compress(bytes(9_001 * 9_000), 1)  # a real image, all black
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(9_000, 9_000, rows))
    monkeypatch.setattr(claims, "memory_bytes", lambda: 2**29)
    refused(path, "needs 309.0 MiB of memory")


def test_jpeg_claiming_more_than_its_bytes_can_hold(tmp_path):
    path = tmp_path / "a.jpg"
    PilImage.fromarray(NOISE[0]).save(path)
    content = bytearray(path.read_bytes())
    at = content.find(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
    path.write_bytes(content)
    refused(path, "claims 3.4 GiB of pixels")


def test_section_larger_than_memory_is_refused_before_reading(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    pixels = np.zeros((9000, 9000), np.uint8)
    tifffile.imwrite(path, pixels, tile=(256, 256), compression="zlib")
    image = read_image(path)
    monkeypatch.setattr(claims, "memory_bytes", lambda: 2**27)
    with pytest.raises(ImageError, match="give a smaller region"):
        read_section(image)
    assert read_section(image, 0, (0, 0, 64, 64)).shape == (64, 64, 1)


def test_complex_pixels_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8), np.complex64))
    refused(tmp_path / "a.tif", "complex64")


def test_flipped_bytes_never_raise_anything_else(tmp_path):
    """300 files with random damage: an ImageError or pixels, nothing else."""
    draw = np.random.default_rng(1)
    originals = {path: path.read_bytes() for path in files(tmp_path)}
    outcomes = {"read": 0, "refused": 0}
    for n in range(300):
        path = list(originals)[n % len(originals)]
        content = bytearray(originals[path])
        first = min(len(content), 700 if n % 2 else len(content))
        for at in draw.integers(0, first, 3):
            content[at] = draw.integers(256)
        path.write_bytes(content)
        try:
            image = read_image(path)
            read_section(image, image.sections - 1)
            outcomes["read"] += 1
        except ImageError:
            outcomes["refused"] += 1
        image = None  # HDF5 would share a file that is still open
    assert min(outcomes.values()) > 30
