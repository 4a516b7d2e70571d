"""TIFF of all kinds, against tifffile's own reading and the arrays written."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image as PilImage

from dense_transformer.data import read_image, read_section
from dense_transformer.errors import ImageError


def noise(shape, dtype, seed=0):
    values = np.random.default_rng(seed).random(shape) * 200
    return (values - 50 * (np.dtype(dtype).kind in "if")).astype(dtype)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("tile", [None, (16, 32)], ids=["strips", "tiles"])
@pytest.mark.parametrize("codec", [None, "zlib", "lzw", "zstd", "packbits"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "u8", "f4", "f8"])
def test_stack_reads_back_as_written(tmp_path, dtype, codec, tile, order):
    stack = noise((5, 37, 53), dtype)
    tifffile.imwrite(
        tmp_path / "a.tif", stack, compression=codec, tile=tile, byteorder=order
    )
    image = read_image(tmp_path / "a.tif")
    assert (image.axes, image.size, image.sections) == ("zyx", (37, 53), 5)
    for z in range(5):
        assert_array_equal(read_section(image, z)[..., 0], stack[z])
        box = read_section(image, z, (5, 16, 36, 49))
        assert_array_equal(box[..., 0], stack[z, 5:36, 16:49])
        assert box.dtype == np.dtype(dtype)


@pytest.mark.parametrize("codec", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_rgb_has_three_channels_however_it_is_stored(tmp_path, planar, codec):
    colours = noise((21, 33, 3), "u1")
    written = colours if planar == "contig" else colours.transpose(2, 0, 1)
    tifffile.imwrite(
        tmp_path / "a.tif",
        written,
        photometric="rgb",
        planarconfig=planar,
        compression=codec,
    )
    image = read_image(tmp_path / "a.tif")
    assert (image.axes, image.channels) == ("yxc", 3)
    assert_array_equal(read_section(image, 0, (2, 3, 20, 30)), colours[2:20, 3:30])


def test_alpha_is_left_out(tmp_path):
    colours = noise((8, 9, 4), "u1")
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, colours, photometric="rgb", extrasamples=["unassalpha"])
    assert_array_equal(read_section(read_image(path)), colours[..., :3])


@pytest.mark.parametrize("codec", [None, "zlib"])
@pytest.mark.parametrize("axes", ["TZCYX", "TCZYX", "CTZYX"])
def test_every_axis_but_channels_becomes_sections(tmp_path, axes, codec):
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": 11, "X": 13}
    written = noise([sizes[a] for a in axes], "u2")
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        written,
        ome=True,
        metadata={"axes": axes},
        compression=codec,
    )
    image = read_image(tmp_path / "a.ome.tif")
    assert (image.axes, image.sections, image.channels) == ("zyxc", 6, 2)
    expected = written.transpose([axes.index(a) for a in "TZYXC"]).reshape(6, 11, 13, 2)
    for z in range(6):
        assert_array_equal(read_section(image, z), expected[z])


@pytest.mark.parametrize("contiguous_pages", [True, False])
def test_pages_written_one_by_one_make_one_stack(tmp_path, contiguous_pages):
    stack = noise((4, 9, 10), "u1")
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in stack:
            file.write(page, contiguous=contiguous_pages)
    image = read_image(tmp_path / "a.tif")
    assert_array_equal(np.asarray(image.data), stack)


def test_stack_that_pillow_wrote(tmp_path):
    stack = noise((3, 12, 17), "u1")
    first, *rest = map(PilImage.fromarray, stack)
    path = tmp_path / "a.tif"
    first.save(path, save_all=True, append_images=rest, compression="tiff_lzw")
    assert_array_equal(np.asarray(read_image(path).data), stack)


def test_one_bit_and_jpeg_pages(tmp_path):
    bits = noise((19, 23), "u1") > 100
    tifffile.imwrite(tmp_path / "bits.tif", bits, compression="packbits")
    found = read_section(read_image(tmp_path / "bits.tif"))[..., 0]
    assert_array_equal(found.astype(bool), bits)
    ramp = np.repeat(np.arange(64, dtype="u1")[None] * 3, 64, 0)
    tifffile.imwrite(tmp_path / "j.tif", ramp, compression="jpeg", tile=(32, 32))
    found = read_section(read_image(tmp_path / "j.tif"))[..., 0]
    assert np.abs(found.astype(int) - ramp).max() <= 4  # JPEG loses that much


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_smallest_images(tmp_path, shape):
    pixels = noise(shape, "u1")
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    image = read_image(tmp_path / "a.tif")
    assert image.size == shape
    assert_array_equal(read_section(image)[..., 0], pixels)


def test_only_the_tiles_of_the_box_are_decoded(tmp_path):
    """Everything else is overwritten: decoding it would fail."""
    path = tmp_path / "a.tif"
    stack = noise((2, 64, 64), "u1")
    tifffile.imwrite(path, stack, tile=(16, 16), compression="zlib")
    with tifffile.TiffFile(path) as file:
        tiles = [
            (offset, count, z, number)
            for z, page in enumerate(file.pages)
            for number, (offset, count) in enumerate(
                zip(page.dataoffsets, page.databytecounts, strict=True)
            )
        ]
    content = bytearray(path.read_bytes())
    for offset, count, z, number in tiles:
        if (z, number) != (1, 5):  # row 1, column 1 of the grid
            content[offset : offset + count] = b"\xff" * count
    path.write_bytes(content)
    image = read_image(path)
    assert_array_equal(
        read_section(image, 1, (16, 16, 32, 32))[..., 0], stack[1, 16:32, 16:32]
    )
    with pytest.raises(ImageError, match=r"section 1.*damaged"):
        read_section(image, 1, (15, 16, 32, 32))


@pytest.mark.parametrize("codec", [None, "zlib"])
def test_a_box_of_a_large_page_takes_little_memory(tmp_path, codec):
    path = tmp_path / "a.tif"
    pixels = np.zeros((4096, 4096), "u1")
    tifffile.imwrite(path, pixels, compression=codec, tile=codec and (256, 256))
    tracemalloc.start()
    read_section(read_image(path), 0, (1000, 1000, 1064, 1064))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 2**20  # of 16 MiB


def test_strips_are_read_once_for_boxes_side_by_side(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    pixels = noise((64, 640), "u1")
    tifffile.imwrite(path, pixels, compression="zlib", rowsperstrip=1)
    image = read_image(path)
    read, original = [], tifffile.FileHandle.read
    monkeypatch.setattr(
        tifffile.FileHandle, "read", lambda *a: read.append(1) or original(*a)
    )
    for left in range(0, 640, 64):
        box = read_section(image, 0, (0, left, 64, left + 64))
        assert_array_equal(box[..., 0], pixels[:, left : left + 64])
    assert len(read) == 64


def test_pages_are_read_from_threads(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    stack = noise((16, 64, 64), "u2")
    tifffile.imwrite(tmp_path / "a.tif", stack, compression="zlib")
    image = read_image(tmp_path / "a.tif")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda z: read_section(image, z % 16), range(64)))
    for n, section in enumerate(found):
        assert_array_equal(section[..., 0], stack[n % 16])


OME = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
    ' UUID="{own}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" '
    'Type="uint8" SizeX="8" SizeY="8" SizeZ="2" SizeC="1" SizeT="1">'
    '<Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
    '<TiffData IFD="0" FirstZ="0" FirstC="0" FirstT="0" PlaneCount="1">'
    '<UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>'
    '<TiffData IFD="0" FirstZ="1" FirstC="0" FirstT="0" PlaneCount="1">'
    '<UUID FileName="secret.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image>'
    "</OME>"
)


def test_ome_file_that_names_others_is_refused_and_they_stay_closed(tmp_path):
    for n, name in enumerate(["a.ome.tif", "secret.ome.tif"], 1):
        text = OME.format(own=f"urn:uuid:{n}")
        plane = noise((8, 8), "u1", seed=n)
        tifffile.imwrite(tmp_path / name, plane, description=text, metadata=None)
    path = tmp_path / "a.ome.tif"
    assert tifffile.imread(path).shape == (2, 8, 8)  # tifffile itself follows
    with pytest.raises(ImageError, match=r"2 pages and has 1.*files of their own"):
        read_image(path)
