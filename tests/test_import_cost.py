"""Starting is quick: heavy packages are loaded by what needs them, not before."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "scipy",
    "h5py",
    "napari",
    "vispy",
    "magicgui",
    "qtpy",
    "PyQt6",
    "PySide6",
)


def loaded_by(statement: str) -> list[str]:
    script = (
        f"{statement}\nimport sys\nprint([n for n in {HEAVY!r} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    value = ast.literal_eval(done.stdout.splitlines()[-1])
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize(
    "statement",
    [
        "import napari_dtn",
        "import dense_transformer",
        "from dense_transformer import PredictConfig, DTNError, Progress",
        "from dense_transformer.cli.main import build_parser; build_parser()",
    ],
)
def test_it_loads_nothing_heavy(statement: str):
    assert loaded_by(statement) == []


def test_a_heavy_import_would_be_seen():
    assert loaded_by("import scipy") == ["scipy"]
