"""Edited warps come back from their file; nothing else does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dense_transformer.errors import ConfigError, WriteError
from dense_transformer.inference import read_edits, write_edits
from dense_transformer.types import WarpEdit

RNG = np.random.default_rng(0)
EDITS = (
    WarpEdit(2, 0.5),
    WarpEdit(4, 1.0, RNG.normal(0, 0.1, 32).astype(np.float32), (-3, 0, 221, 224)),
    WarpEdit(4, 1.25, (RNG.normal(size=6) * 1e-30).astype(np.float32)),
)


def test_every_bit_comes_back(tmp_path):
    path = write_edits(tmp_path / "ä warp.json", EDITS, model="m", image="ü")
    found = read_edits(path)
    assert len(found) == len(EDITS)
    for before, after in zip(EDITS, found, strict=True):
        assert (before.level, before.strength) == (after.level, after.strength)
        assert before.tile_px == after.tile_px
        assert (before.theta is None) == (after.theta is None)
        if before.theta is not None:
            np.testing.assert_array_equal(before.theta, after.theta)
            assert after.theta.dtype == np.float32
    assert json.loads(path.read_text())["model"] == "m"


def test_the_same_edits_are_the_same_bytes(tmp_path):
    one, two = (write_edits(tmp_path / n, EDITS).read_bytes() for n in "ab")
    assert one == two


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="isn't finite"):
        write_edits(tmp_path / "x", [WarpEdit(1, float("nan"))])
    assert not list(tmp_path.iterdir())
    with pytest.raises(WriteError):
        write_edits(tmp_path / "no" / "x", EDITS)


def with_edit(**changes):
    edit = {"level": 2, "strength": 1.0, "theta": [0.0], "tile_px": None} | changes
    return {"format": "napari-dtn warps", "version": 1, "edits": [edit]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no warps"),
        (b'{"format": "napari-dtn warps", "version": 1}', "no list"),
        (b'{"format": "napari-dtn warps", "version": 2, "edits": []}', "reads 1"),
        (b'{"format": "napari-dtn warps", "version": 1, "edits": [NaN]}', "finite"),
        (with_edit(level=True), "no level"),
        (with_edit(level=0), "no level"),
        (with_edit(level=1.0), "no level"),
        (with_edit(strength="1"), "finite number"),
        (with_edit(strength=10**400), "finite number"),
        (with_edit(theta=[]), "list of finite"),
        (with_edit(theta=["0"]), "list of finite"),
        (with_edit(theta=[True]), "list of finite"),
        (with_edit(theta=[[0.0]]), "list of finite"),
        (with_edit(theta=[0.0] * 9000), "list of finite"),
        (with_edit(theta=[1e40]), "at most 1e6"),
        (with_edit(tile_px=[0, 0, 8]), "tile_px"),
        (with_edit(tile_px=[0, 0, 8, 8.0]), "tile_px"),
        (with_edit(tile_px=[8, 0, 8, 8]), "tile_px"),
        (with_edit(tile_px=[0, 0, 8, 10**30]), "tile_px"),
        (with_edit(code="import os"), "needs"),
    ],
    ids=str,
)
def test_files_that_are_not_ours_are_refused(tmp_path, content, words):
    path = tmp_path / "x.json"
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read_edits(path)


def test_a_file_that_is_not_there_or_huge_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="can't read"):
        read_edits(tmp_path / "gone.json")
    path = tmp_path / "huge.json"
    with open(path, "wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(ConfigError, match="larger than"):
        read_edits(path)
