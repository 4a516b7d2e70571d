"""What is written can be read back by others, and never half of it stands there."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from known_networks import Echo, model_of, tiny_dtn

from dense_transformer.config import NetworkConfig, PredictConfig, TransformerConfig
from dense_transformer.data import (
    measure_intensity,
    read_image,
    read_section,
    resample,
)
from dense_transformer.errors import StoppedError, WriteError
from dense_transformer.inference import predict, predict_to_files, write_prediction
from dense_transformer.inference.files import file_name
from dense_transformer.nn import build_network
from dense_transformer.types import Image, Prediction
from dense_transformer.work import finish
from dense_transformer.zoo import save_model

CPU = PredictConfig(device="cpu")


def noise(name="cells", size=(90, 70), pixel_nm=(4.6, 9.2)):
    pixels = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)
    return Image(pixels, "yx", name, pixel_nm)


def warped_model():
    return model_of(tiny_dtn())


def test_everything_can_be_read_back(tmp_path):
    image = noise()
    result = finish(predict(warped_model(), image, CPU))
    files = write_prediction(result, image, tmp_path / "new" / "folder", model="em")
    names = [f.name for f in files]
    assert names == [
        "cells-probability.tif",
        "cells-labels.tif",
        "cells-level2-coverage.tif",
        "cells-level2-displacement.tif",
        "cells-fiducials.csv",
        "cells-summary.json",
    ]
    assert sorted(names) == sorted(os.listdir(tmp_path / "new" / "folder"))
    (level,) = result.levels
    np.testing.assert_array_equal(tifffile.imread(files[0]), result.probability)
    np.testing.assert_array_equal(tifffile.imread(files[1]), result.labels)
    np.testing.assert_array_equal(tifffile.imread(files[2]), level.coverage)
    shift = tifffile.imread(files[3])
    np.testing.assert_array_equal(shift, np.moveaxis(level.displacement_px, -1, 0))
    assert abs(shift).max() > 0.1
    summary = json.loads(files[5].read_text())
    assert summary["model"] == "em"
    assert summary["device"] == result.device
    assert summary["class_shares"][1] == pytest.approx((result.labels == 2).mean())
    assert summary["levels"][0]["coverage_mean"] == pytest.approx(level.coverage.mean())


def test_files_hold_the_pixel_size(tmp_path):
    image = noise()
    files = write_prediction(
        finish(predict(warped_model(), image, CPU)), image, tmp_path
    )
    assert read_image(files[0]).pixel_nm == pytest.approx((4.6, 9.2), rel=1e-6)
    assert read_image(files[2]).pixel_nm == pytest.approx((9.2, 18.4), rel=1e-6)


def test_the_table_holds_every_fiducial_in_image_pixels(tmp_path):
    image = noise()
    result = finish(predict(warped_model(), image, CPU))
    files = write_prediction(result, image, tmp_path)
    rows = list(csv.DictReader(files[4].open()))
    assert len(rows) == len(result.warps) * 16
    for tile, warp in enumerate(result.warps):
        mine = [r for r in rows if int(r["tile"]) == tile]
        found = np.array(
            [[float(r["fiducial_y_px"]), float(r["fiducial_x_px"])] for r in mine]
        )
        np.testing.assert_allclose(found, warp.to_image_px(warp.fiducials), atol=1e-3)
        rest = np.array(
            [[float(r["lattice_y_px"]), float(r["lattice_x_px"])] for r in mine]
        )
        np.testing.assert_allclose(rest, warp.to_image_px(warp.lattice), atol=1e-3)
        assert [int(r["index"]) for r in mine] == list(range(16))


def test_all_levels_of_a_tile_have_its_number(tmp_path):
    pairs = TransformerConfig(level=1), TransformerConfig(level=3)
    config = NetworkConfig(depth=3, base_channels=2, transformers=pairs)
    image = noise()
    model = model_of(build_network(config).eval())
    result = finish(predict(model, image, CPU))
    files = write_prediction(result, image, tmp_path)
    table = next(f for f in files if f.suffix == ".csv")
    rows = [(int(r["tile"]), int(r["level"])) for r in csv.DictReader(table.open())]
    tiles = len(result.warps) // 2
    assert rows == [(t, n) for t in range(tiles) for n in (1, 3) for _ in range(16)]


def test_shares_are_those_of_the_whole_image(tmp_path):
    rng = np.random.default_rng(0)
    labels = (1 + (rng.random((1500, 1000)) < np.linspace(0, 1, 1500)[:, None])).astype(
        np.uint8
    )
    result = Prediction(labels * 0.5, labels, (), (), ("a", "b"), "cpu", "large")
    files = write_prediction(result, noise(), tmp_path)
    shares = json.loads(files[-1].read_text())["class_shares"]
    assert shares == pytest.approx([(labels == 1).mean(), (labels == 2).mean()])


def test_a_plain_network_leaves_out_what_it_has_not(tmp_path):
    image = noise(pixel_nm=None)
    files = write_prediction(
        finish(predict(model_of(Echo()), image, CPU)), image, tmp_path
    )
    assert [f.suffix for f in files] == [".tif", ".tif", ".json"]
    assert read_image(files[0]).pixel_nm is None


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_straight_into_files_is_the_same(tmp_path, dtype):
    image, config = noise(), PredictConfig(device="cpu", dtype=dtype)
    wanted = finish(predict(warped_model(), image, config))
    result, files = finish(
        predict_to_files(warped_model(), image, config, out=tmp_path)
    )
    assert sorted(f.name for f in files) == sorted(os.listdir(tmp_path))
    np.testing.assert_array_equal(tifffile.imread(files[0]), wanted.probability)
    np.testing.assert_array_equal(tifffile.imread(files[1]), wanted.labels)
    np.testing.assert_array_equal(result.probability, wanted.probability)
    assert isinstance(result.probability, np.memmap)
    assert not result.probability.flags.writeable
    again = read_image(files[0])
    assert again.pixel_nm == pytest.approx((4.6, 9.2), rel=1e-6)
    np.testing.assert_array_equal(read_section(again)[..., 0], wanted.probability)


def test_the_callers_pixel_size_goes_before_the_files(tmp_path):
    """Twice the model's size: the network sees twice as many pixels."""
    network = Echo()
    config = PredictConfig(device="cpu", pixel_nm=(8.0, 8.0))
    model = model_of(network, (32, 32), pixel_nm=(4.0, 4.0))
    image = noise(size=(16, 16), pixel_nm=(4.0, 4.0))
    _, files = finish(predict_to_files(model, image, config, out=tmp_path))
    seen = resample(measure_intensity(image).apply(image.data), (2.0, 2.0))
    np.testing.assert_allclose(network.batches[0][0].numpy(), seen, atol=1e-5)
    assert read_image(files[0]).pixel_nm == pytest.approx((8.0, 8.0), rel=1e-6)


def test_a_second_run_replaces_the_first(tmp_path):
    image = noise()
    for _ in range(2):
        _, files = finish(predict_to_files(model_of(Echo()), image, CPU, out=tmp_path))
    assert sorted(f.name for f in files) == sorted(os.listdir(tmp_path))


def test_stopped_or_closed_work_leaves_nothing_behind(tmp_path):
    work = predict_to_files(
        model_of(Echo()), noise(), CPU, out=tmp_path, stop=lambda: True
    )
    with pytest.raises(StoppedError):
        finish(work)
    assert os.listdir(tmp_path) == []
    work = predict_to_files(model_of(Echo()), noise(), CPU, out=tmp_path)
    next(work)
    next(work)
    work.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_a_killed_prediction_left_is_removed_by_the_next(tmp_path):
    model, out = tmp_path / "model.safetensors", tmp_path / "out"
    made = warped_model()
    save_model(model, made.network, made.card)
    code = (
        "import os, signal, sys, numpy as np\n"
        "from dense_transformer.config import PredictConfig\n"
        "from dense_transformer.inference import predict_to_files\n"
        "from dense_transformer.types import Image\n"
        "from dense_transformer.zoo import load_model\n"
        "image = Image(np.zeros((90, 70), np.uint8), 'yx', 'cells')\n"
        "config = PredictConfig(device='cpu')\n"
        "work = predict_to_files("
        "load_model(sys.argv[1]), image, config, out=sys.argv[2])\n"
        "next(work), next(work)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code, str(model), str(out)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    left = os.listdir(out)
    assert len(left) == 2
    assert all(name.endswith(".partial") for name in left)
    _, files = finish(predict_to_files(warped_model(), noise("other"), CPU, out=out))
    assert sorted(os.listdir(out)) == sorted(file.name for file in files)


def test_a_full_disk_is_an_error_before_anything_is_computed(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dense_transformer.inference.mapped_files.os.fsync", full)
    network = Echo()
    work = predict_to_files(model_of(network), noise(), CPU, out=tmp_path)
    with pytest.raises(WriteError, match="disk is full"):
        finish(work)
    assert network.batches == []
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits files as POSIX does")
def test_a_file_that_may_not_grow_leaves_nothing_behind(tmp_path):
    """A real failure to write, by a limit on the size of files."""
    import resource

    image = noise(size=(300, 300))
    result = finish(predict(model_of(Echo()), image, CPU))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(WriteError, match="larger than"):
            write_prediction(result, image, tmp_path)
        with pytest.raises(WriteError, match="larger than"):
            finish(predict_to_files(model_of(Echo()), image, CPU, out=tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    image = noise()
    result = finish(predict(model_of(Echo()), image, CPU))
    with pytest.raises(WriteError, match="file"):
        write_prediction(result, image, tmp_path / "file" / "sub")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("cells.tif", "cells.tif"),
        ("../../etc/passwd", "etc_passwd"),
        ("a b: c", "a_b_c"),
        ("Übersicht-é", "Übersicht-é"),
        ("...", "image"),
        ("", "image"),
        ("x" * 500, "x" * 120),
    ],
)
def test_image_names_become_harmless_file_names(name, start):
    assert file_name(name) == start


def test_sections_get_files_of_their_own(tmp_path):
    stack = Image(np.zeros((2, 40, 40), np.uint8), "zyx", "stack")
    model = model_of(Echo())
    for section in range(2):
        work = predict_to_files(model, stack, CPU, out=tmp_path, section=section)
        finish(work)
    names = sorted(f for f in os.listdir(tmp_path) if f.endswith("labels.tif"))
    assert names == ["stack-z0000-labels.tif", "stack-z0001-labels.tif"]


def test_files_of_more_than_4_gib_are_bigtiff():
    from dense_transformer.inference.mapped_files import _needs_bigtiff

    assert not _needs_bigtiff((16384, 16384), "float32")
    assert _needs_bigtiff((33000, 33000), "float32")
