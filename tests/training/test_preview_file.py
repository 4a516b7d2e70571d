"""A run's previews hold enough to draw warp and prediction again, safely."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from small_runs import small_config, write_stripes

from dense_transformer.data import open_pairs
from dense_transformer.errors import RunError
from dense_transformer.nn import build_network
from dense_transformer.training import preview_file
from dense_transformer.training.preview_file import pack_preview, unpack_preview
from dense_transformer.training.validation import validate


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    root = write_stripes(tmp_path_factory.mktemp("data") / "stripes")
    config = small_config(root)
    pair = open_pairs(config.data, 1, root).validation[0]
    network = build_network(config.network, 1)
    network.level(1).pair.localisation.head.weight.data.normal_(0, 0.3)
    work = validate(network, [pair], config)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return pair, end.value


def test_a_preview_comes_back_with_its_pictures_and_parameters(validated, tmp_path):
    pair, result = validated
    path = tmp_path / "00000003.npz"
    path.write_bytes(pack_preview(pair, result.probability, result.warps))
    data = unpack_preview(path)
    assert data.size_px == result.probability.shape == (48, 48)
    np.testing.assert_array_equal(
        data.probability, np.floor(result.probability * 255 + 0.5)
    )
    expected = np.clip(pair.pixels[0] / 2 + 0.5, 0, 1) * 255
    np.testing.assert_allclose(data.image, expected, atol=0.51)
    (level,) = data.levels
    assert (level.level, level.family, level.lattice_size) == (2, "tps", (4, 4))
    np.testing.assert_array_equal(level.theta, [w.theta for w in result.warps])
    np.testing.assert_array_equal(level.tiles_px, [w.tile_px for w in result.warps])
    assert np.abs(level.theta).max() > 0


def test_the_same_preview_is_the_same_bytes(validated):
    pair, result = validated
    one, two = (pack_preview(pair, result.probability, result.warps) for _ in "12")
    assert one == two


def damage(content: bytes, name: str, array: np.ndarray) -> bytes:
    """Return a preview with one array replaced."""
    buffer, out = io.BytesIO(content), io.BytesIO()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.namelist():
            data = old.read(item)
            if item == f"{name}.npy":
                piece = io.BytesIO()
                np.save(piece, array)  # object arrays too: hostile ones
                data = piece.getvalue()
            new.writestr(item, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("version", np.array(2)),
        ("theta2", np.full((4, 32), np.nan, np.float32)),
        ("theta2", np.zeros((4, 31), np.float32)),
        ("tiles2", np.zeros((3, 4), np.int32)),
        ("family2", np.frombuffer(b"magic", np.uint8)),
        ("sizes2", np.full((3, 2), 10**9, np.int32)),
        ("image", np.zeros((3, 3), np.uint8)),
        ("image", np.array([{"a": 1}], dtype=object)),
        ("probability", np.zeros((48, 48), np.float64)),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.dtype),
)
def test_damaged_previews_are_refused(validated, tmp_path, name, array):
    pair, result = validated
    path = tmp_path / "00000003.npz"
    good = pack_preview(pair, result.probability, result.warps)
    path.write_bytes(damage(good, name, array))
    with pytest.raises(RunError, match="can't be read"):
        unpack_preview(path)


def test_a_preview_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(preview_file, "LARGEST_BYTES", 2**20)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.npy", bytes(2**20 + 1))
    with pytest.raises(RunError, match="would unpack"):
        unpack_preview(path)


@pytest.mark.parametrize("size", [0, 10, 100, -1])
def test_truncated_previews_are_refused(validated, tmp_path, size):
    pair, result = validated
    path = tmp_path / "00000003.npz"
    path.write_bytes(pack_preview(pair, result.probability, result.warps)[:size])
    with pytest.raises(RunError, match="can't be read"):
        unpack_preview(path)
    with pytest.raises(RunError):
        unpack_preview(tmp_path / "gone.npz")
