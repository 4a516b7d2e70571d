"""Files in and out of napari: HDF5 lazily, points with their features."""

from __future__ import annotations

import csv

import h5py
import numpy as np
import pytest
from fake_core import fake_prediction
from napari.layers import Image as NapariImage

from dense_transformer.errors import ImageError, WriteError
from dense_transformer.inference import write_prediction
from dense_transformer.types import Image
from napari_dtn.layers import describe
from napari_dtn.reader import get_reader
from napari_dtn.sources import read_source
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


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.csv", "a.json", "a"])
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


@pytest.fixture
def written(tmp_path):
    """Return a prediction and the files of it."""
    values = np.random.default_rng(0).random((96, 128), np.float32)
    result = fake_prediction(values, "em")
    image = Image(np.zeros((96, 128), np.uint8), "yx", "em", (4.0, 5.0))
    return result, image, write_prediction(result, image, tmp_path)


def test_written_prediction_gives_the_layers_it_would_have_made(written):
    result, image, files = written
    path = str(files[-1])
    assert path.endswith("-summary.json")
    layers = {o["name"]: (d, o, k) for d, o, k in get_reader(path)(path)}
    source = read_source(NapariImage(image.data, scale=(4, 5), units="nm"), (0, 0))
    specs = {"em " + s.role: s for s in describe([(0, result)], source)}
    assert set(layers) == set(specs)
    for name, spec in specs.items():
        data, options, kind = layers[name]
        assert kind == spec.kind
        np.testing.assert_allclose(data, spec.data, atol=2e-3)  # px; written as .3f
        np.testing.assert_allclose(options["scale"], spec.frame["scale"])
        np.testing.assert_allclose(options["translate"], spec.frame["translate"])
    pairs = layers["em fiducials level 4"][1]["features"]["pair"]
    assert list(pairs) == list(range(16))


@pytest.mark.parametrize(
    ("ending", "content", "message"),
    [
        ("summary.json", b"{", "is no summary"),
        ("summary.json", b"[1, 2]", "is no summary"),
        ("summary.json", b'{"pixel_nm": null, "levels": [{}]}', "is no summary"),
        ("fiducials.csv", b"a,b\n1,2\n", "is no summary"),
        ("fiducials.csv", None, "keep the files of a prediction together"),
        ("probability.tif", b"II*", "probability"),
        ("level4-coverage.tif", None, "coverage"),
    ],
)
def test_damaged_prediction_is_an_error_that_names_it(
    written, ending, content, message
):
    path = str(written[2][-1])
    (broken,) = (file for file in written[2] if file.name.endswith(ending))
    broken.unlink()
    if content is not None:
        broken.write_bytes(content)
    with pytest.raises(ImageError, match=message):
        get_reader(path)(path)


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
