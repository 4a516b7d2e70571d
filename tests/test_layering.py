"""The rooms of the core stand on floors; a room imports only from floors below."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "src" / "dense_transformer"
FLOORS = [
    {"types", "settings", "config", "errors", "work", "ahead", "files", "locks"},
    {"geometry"},
    {"nn", "data", "evaluation"},
    {"zoo"},
    {"training", "inference"},
    {"inspection", "teaching"},
    {"cli"},
    {"__init__", "__main__"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
QT = {"PyQt5", "PyQt6", "PySide2", "PySide6", "qtpy", "superqt", "pyqtgraph"}
GUI = {"napari", "npe2", "app_model", "magicgui", "vispy", "matplotlib", "IPython"} | QT
MODULES = sorted(CORE.rglob("*.py"))


def imports_of(source: str, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every imported dotted name of `source`, those inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = (*base, *(node.module.split(".") if node.module else ()))
            yield from ((*stem, alias.name) for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def misplaced(room: str, source: str, package: tuple[str, ...]) -> list[str]:
    """Return the imports by which `room` reaches for its own floor or above."""
    wrong = []
    for name in imports_of(source, package):
        if name[0] != "dense_transformer" or len(name) == 1:
            continue
        target = name[1] if name[1] in FLOOR_OF else "__init__"
        if name[1:] in (("__version__",),) or target == room:
            continue
        same_ground = FLOOR_OF[room] == FLOOR_OF[target] == 0
        if FLOOR_OF[target] >= FLOOR_OF[room] and not same_ground:
            wrong.append(".".join(name))
    return wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(CORE)))
def test_a_room_imports_only_rooms_below(path: Path):
    assert room_of(path) in FLOOR_OF, "a new room needs a floor in this test"
    package = ("dense_transformer", *path.relative_to(CORE).parts[:-1])
    assert misplaced(room_of(path), path.read_text(), package) == []


@pytest.mark.parametrize(
    "source",
    [
        "from dense_transformer.cli import main",
        "import dense_transformer.training.loop",
        "from dense_transformer import predict",
        "def f():\n    from ..training import train",
    ],
)
def test_reaching_up_is_seen(source: str):
    assert misplaced("nn", source, ("dense_transformer", "nn"))


def test_the_core_names_no_gui_package():
    for path in MODULES:
        named = {name[0] for name in imports_of(path.read_text(), ())}
        assert not named & GUI, path


def test_the_whole_core_imports_with_every_gui_package_blocked():
    script = f"""
import importlib, pkgutil, sys
for name in {sorted(GUI)!r}:
    sys.modules[name] = None  # any import of it raises ImportError
import dense_transformer
for module in pkgutil.walk_packages(dense_transformer.__path__, "dense_transformer."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in dense_transformer.__all__:
    getattr(dense_transformer, name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
