"""Files in and out of napari: HDF5 lazily, points with their features."""

from __future__ import annotations

import csv

import h5py
import numpy as np
import pytest

from dense_transformer.errors import ImageError, WriteError
from napari_dtn.reader import get_reader
from napari_dtn.writer import write_points


def test_stack_in_hdf5_is_read_section_by_section(tmp_path):
    path = tmp_path / "stack.h5"
    data = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)
    with h5py.File(path, "w") as file:
        file["volume"] = data
    read = get_reader(str(path))
    ((lazy, options, kind),) = read(str(path))
    assert kind == "image"
    assert options["name"] == "stack"
    assert lazy.chunks == ((1, 1, 1), (20,), (30,))
    np.testing.assert_array_equal(np.asarray(lazy[1]), data[1])


@pytest.mark.parametrize("content", [b"", b"no HDF5 at all", b"\x89HDF\r\n\x1a\n"])
def test_broken_hdf5_is_an_error_with_its_name(tmp_path, content):
    path = tmp_path / "broken.h5"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"broken\.h5"):
        get_reader(str(path))(str(path))


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.csv", "a"])
def test_files_of_others_are_not_taken(name):
    assert get_reader(name) is None


def test_points_are_written_with_their_pairs_and_read_back_by_napari(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "points.csv"
    points = np.array([[1.5, 2.25], [3.0, 1e-7]])
    features = pandas.DataFrame({"pair": [4, 9], "tile": [0, 1]})
    assert write_points(str(path), points, {"features": features}) == [str(path)]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["pair"] for row in rows] == ["4", "9"]
    assert [float(row["axis-1"]) for row in rows] == [2.25, 1e-7]

    from napari_builtins.io import csv_to_layer_data

    data, _, kind = csv_to_layer_data(str(path))
    assert kind == "points"
    np.testing.assert_array_equal(data, points)


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "points.csv"
    path.write_text("old")
    path.chmod(0o600)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WriteError, match="disk is full"):
        write_points(str(path), np.zeros((1, 2)), {})
    assert path.read_text() == "old"
