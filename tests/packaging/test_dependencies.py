"""What the packages import is what pyproject.toml asks for, and nothing idle."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

OURS = {"dense_transformer", "napari_dtn", "napari-dtn"}
BEHIND = {"imagecodecs"}  # imported by tifffile, for compressed files


def distribution(need: str) -> str:
    """Return the name in a requirement such as ``zarr>=3``."""
    return re.split(r"[\[<>=!~ ;(]", need)[0].lower().replace("_", "-")


def imported(folder: Path) -> set[str]:
    """Return the distributions that the modules under `folder` import."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    found = packages_distributions()
    outside = names - set(sys.stdlib_module_names) - OURS
    return {found.get(name, [name])[0].lower().replace("_", "-") for name in outside}


@pytest.fixture(scope="module")
def asked_for(repository: Path) -> dict[str, set[str]]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    groups = {"core": project["dependencies"], **project["optional-dependencies"]}
    return {
        group: {distribution(need) for need in needs} - OURS
        for group, needs in groups.items()
    }


def test_the_core_imports_only_what_it_asks_for(repository: Path, asked_for):
    extras = asked_for["zarr"] | asked_for["film"] | asked_for.get("cluster", set())
    found = imported(repository / "src")
    assert found - asked_for["core"] - extras == set()
    assert asked_for["core"] - BEHIND - found == set(), "asked for and never imported"


def test_the_plugin_imports_only_what_it_asks_for(repository: Path, asked_for):
    pytest.importorskip("napari")
    found = imported(repository / "napari_dtn")
    brought = {distribution(need) for need in requires("napari") or []}
    assert found - asked_for["core"] - asked_for["napari"] - brought == set()
    assert asked_for["napari"] - found == set(), "asked for and never imported"
