"""HDF5 datasets: found, read lazily, and never read from elsewhere."""

from __future__ import annotations

import zlib

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from dense_transformer.data import hdf5_chunks, read_image, read_section
from dense_transformer.errors import ImageError

STACK = np.random.default_rng(0).integers(0, 60_000, (3, 40, 50), np.uint16)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


@pytest.mark.parametrize(
    "options",
    [{}, {"chunks": (1, 16, 16)}, {"compression": "gzip", "shuffle": True},
     {"compression": "lzf", "fletcher32": True, "chunks": (2, 16, 32)}],
    ids=["plain", "chunked", "gzip", "lzf"],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<i4", ">f4", "<f8", "u8"])
def test_stack_reads_back_as_written(path, dtype, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", data=STACK.astype(dtype), **options)
    image = read_image(path)
    assert (image.axes, image.sections, image.size) == ("zyx", 3, (40, 50))
    for z in range(3):
        assert_array_equal(read_section(image, z)[..., 0], STACK[z])
    box = read_section(image, 1, (7, 9, 33, 41))
    assert_array_equal(box[..., 0], STACK[1, 7:33, 9:41])


def test_two_dimensions_and_colours(path):
    with h5py.File(path, "w") as file:
        file["plain"] = STACK[0]
        file["rgb"] = STACK.transpose(1, 2, 0)
        file["movie"] = np.zeros((4, 9, 8, 3), np.uint8)
        file["flags"] = STACK > 30_000
    assert read_image(path, dataset="plain").axes == "yx"
    assert read_image(path, dataset="/rgb").axes == "yxc"
    assert read_image(path, dataset="movie").axes == "zyxc"
    flags = read_section(read_image(path, dataset="flags"), 2)[..., 0]
    assert_array_equal(flags, STACK[2] > 30_000)


def test_the_usual_name_comes_first_then_the_first(path):
    with h5py.File(path, "w") as file:
        file["label"] = np.zeros((3, 8, 8), np.uint8)
        file["table"] = np.zeros(12)
        file["text"] = "words"
    assert read_image(path).size == (8, 8)
    with h5py.File(path, "a") as file:
        file["volumes/raw"] = STACK
    assert read_image(path).size == (40, 50)


def test_missing_dataset_and_group_are_named(path):
    with h5py.File(path, "w") as file:
        file["volumes/raw"] = STACK
    with pytest.raises(ImageError, match=r"no dataset 'rae'.*volumes/raw"):
        read_image(path, dataset="rae")
    with pytest.raises(ImageError, match="is a group"):
        read_image(path, dataset="volumes")
    with h5py.File(path, "w") as file:
        file["table"] = np.zeros(3)
    with pytest.raises(ImageError, match="no 2-D or 3-D dataset"):
        read_image(path)


def test_only_the_chunks_of_the_box_are_decoded(path):
    """The other chunks hold rubbish: inflating one would fail."""
    with h5py.File(path, "w") as file:
        raw = file.create_dataset(
            "raw", data=STACK, chunks=(1, 20, 25), compression="gzip"
        )
        for z in range(3):
            for y in (0, 20):
                for x in (0, 25):
                    if (z, y, x) != (1, 20, 25):
                        raw.id.write_direct_chunk((z, y, x), b"rubbish")
    image = read_image(path)
    box = read_section(image, 1, (20, 25, 40, 50))
    assert_array_equal(box[..., 0], STACK[1, 20:, 25:])
    with pytest.raises(ImageError, match=r"section 1.*damaged"):
        read_section(image, 1, (19, 25, 40, 50))


def test_soft_link_within_the_file_is_followed(path):
    with h5py.File(path, "w") as file:
        file["deep/er/raw"] = STACK
        file["deep/here"] = h5py.SoftLink("er/raw")
        file["there"] = h5py.SoftLink("/deep/here")
        file["round"] = h5py.SoftLink("/round")
    assert_array_equal(np.asarray(read_image(path, dataset="there").data), STACK)
    with pytest.raises(ImageError, match="circles"):
        read_image(path, dataset="round")


def test_links_and_storage_elsewhere_are_not_followed(path, tmp_path):
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["raw"] = STACK
    (tmp_path / "secret.bin").write_bytes(STACK.tobytes())
    virtual = h5py.VirtualLayout(STACK.shape, STACK.dtype)
    virtual[:] = h5py.VirtualSource(str(other), "raw", STACK.shape)
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/raw")
        file["soft"] = h5py.SoftLink("/link")
        file.create_virtual_dataset("virtual", virtual)
        file.create_dataset(
            "stored",
            STACK.shape,
            STACK.dtype,
            external=[(str(tmp_path / "secret.bin"), 0, STACK.nbytes)],
        )
        file["group"] = h5py.ExternalLink("other.h5", "/")
    for name in ("link", "soft", "group/raw"):
        with pytest.raises(ImageError, match="not followed"):
            read_image(path, dataset=name)
    for name in ("virtual", "stored"):
        with pytest.raises(ImageError, match="other files"):
            read_image(path, dataset=name)


@pytest.mark.parametrize("chunks", [None, (1000, 1000)])
def test_header_of_a_kilobyte_claiming_200000_squared(path, chunks):
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", (200_000, 200_000), "u1", chunks=chunks)
    assert path.stat().st_size < 5000
    with pytest.raises(ImageError, match=r"37\.3 GiB of pixels in 0 bytes"):
        read_image(path)


def test_chunk_larger_than_memory_is_refused(path):
    with h5py.File(path, "w") as file:
        raw = file.create_dataset(
            "raw", (60_000, 60_000), "u1", chunks=(60_000, 60_000), compression="gzip"
        )
        raw.id.write_direct_chunk((0, 0), b"\0" * 4_000_000)
    with pytest.raises(ImageError):  # by memory, or by what it inflates to
        read_section(read_image(path), 0, (0, 0, 8, 8))


def bomb(path, chunk, inflated):
    """A dataset of one chunk that inflates to far more than it declares."""
    packed = zlib.compress(bytes(inflated), 9)
    with h5py.File(path, "w") as file:
        raw = file.create_dataset("raw", chunk, "u1", chunks=chunk, compression="gzip")
        raw.id.write_direct_chunk((0, 0), packed)
    return len(packed)


def test_chunk_with_more_bytes_than_it_declares_is_refused(path):
    stored = bomb(path, (16, 16), 8 * 2**20)
    assert stored > 10 * 16 * 16
    with pytest.raises(ImageError, match="forged"):
        read_section(read_image(path))


def test_chunk_that_inflates_too_far_is_counted_not_kept(path, monkeypatch):
    stored = bomb(path, (128, 128), 8 * 2**20)
    assert stored < 128 * 128  # nothing to see from outside
    monkeypatch.setattr(hdf5_chunks, "memory_bytes", lambda: 0)
    monkeypatch.setattr(hdf5_chunks, "HARMLESS_BYTES", 0)
    with pytest.raises(ImageError, match="forged"):
        read_section(read_image(path))


def test_compression_over_compression_is_refused(path):
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((16, 16))
        plan.set_deflate(9)
        plan.set_deflate(9)
        space, kind = h5py.h5s.create_simple((16, 16)), h5py.h5t.NATIVE_UINT8
        h5py.h5d.create(file.id, b"raw", kind, space, plan)
    with pytest.raises(ImageError, match="2 times over"):
        read_section(read_image(path))


def test_dataset_of_words_or_complex_numbers_is_refused(path):
    with h5py.File(path, "w") as file:
        file["raw"] = np.zeros((8, 8), np.complex64)
    with pytest.raises(ImageError, match="no 2-D or 3-D"):
        read_image(path)
    with pytest.raises(ImageError, match="complex64"):
        read_image(path, dataset="raw")


def test_five_dimensions_and_no_pixels_are_refused(path):
    with h5py.File(path, "w") as file:
        file["five"] = np.zeros((2, 2, 3, 8, 8), np.uint8)
        file["none"] = np.zeros((0, 8, 8), np.uint8)
    with pytest.raises(ImageError, match=r"\(2, 2, 3, 8, 8\)"):
        read_image(path, dataset="five")
    with pytest.raises(ImageError, match="no pixels"):
        read_image(path, dataset="none")


def test_name_of_a_dataset_for_another_kind_of_file_is_refused(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", STACK[0])
    with pytest.raises(ImageError, match="no HDF5 file"):
        read_image(tmp_path / "a.tif", dataset="raw")
