"""Everything the manifest names is there, as `npe2 validate` doesn't check."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dense_transformer.config import PredictConfig

# What napari 0.9 lets plugins contribute to; anything else is dropped in silence.
MENUS = {
    *(f"napari/file/{name}" for name in ("new_layer", "io_utilities", "acquire")),
    *(
        f"napari/layers/{name}"
        for name in (
            "visualize", "annotate", "data", "metadata", "layer_type", "filter",
            "transform", "measure", "register", "project", "segment", "track",
            "classify",
        )
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(repository: Path) -> dict[str, Any]:
    loaded = yaml.safe_load((repository / "napari_dtn" / "napari.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def contributions(manifest: dict[str, Any]) -> dict[str, Any]:
    return dict(manifest["contributions"])


def items(contributions: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every contribution with its kind, those in menus too."""
    for kind, value in contributions.items():
        if kind == "menus":
            yield from ((kind, item) for menu in value.values() for item in menu)
        elif kind not in ("commands", "submenus", "configurations"):
            yield from ((kind, item) for item in value)


def test_napari_finds_the_manifest_and_npe2_accepts_it(manifest: dict[str, Any]):
    pytest.importorskip("npe2")
    from npe2 import PluginManifest

    assert PluginManifest.from_distribution("napari-dtn").name == manifest["name"]
    assert manifest["name"] == importlib.metadata.metadata("napari-dtn")["Name"]


def test_every_command_is_defined_once_and_used(contributions: dict[str, Any]):
    defined = [command["id"] for command in contributions["commands"]]
    used = {item["command"] for _, item in items(contributions) if "command" in item}
    assert len(set(defined)) == len(defined)
    assert used <= set(defined)
    assert set(defined) - used == set(), "nobody can reach these"


def test_every_command_leads_to_something_that_can_be_called(
    contributions: dict[str, Any],
):
    pytest.importorskip("napari")
    for command in contributions["commands"]:
        module, _, name = command["python_name"].partition(":")
        assert callable(getattr(importlib.import_module(module), name)), command["id"]


def test_widgets_take_the_viewer_by_the_name_napari_fills_in(
    contributions: dict[str, Any],
):
    pytest.importorskip("napari")
    names = {c["id"]: c["python_name"] for c in contributions["commands"]}
    for widget in contributions["widgets"]:
        module, _, name = names[widget["command"]].partition(":")
        made_by = getattr(importlib.import_module(module), name)
        assert "napari_viewer" in inspect.signature(made_by).parameters


def test_every_menu_is_one_that_napari_shows(contributions: dict[str, Any]):
    own = {submenu["id"] for submenu in contributions.get("submenus", [])}
    assert set(contributions.get("menus", {})) <= MENUS | own
    for kind, item in items(contributions):
        assert item.get("submenu", next(iter(own), None)) in own | {None}, kind


def test_titles_are_for_people(contributions: dict[str, Any]):
    for command in contributions["commands"]:
        assert command["title"][0].isupper(), command
        assert "_" not in command["title"], command


def test_the_defaults_of_the_settings_are_those_of_the_core(
    contributions: dict[str, Any],
):
    core = {f.name: f.default for f in dataclasses.fields(PredictConfig)}
    groups = contributions.get("configurations", {}).values()
    shared = {
        name: about["default"]
        for group in groups
        for name, about in group["properties"].items()
        if name in core
    }
    assert shared
    assert shared == {name: core[name] for name in shared}
