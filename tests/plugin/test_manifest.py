"""The manifest says what is there, and napari shows it where people look."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from drawn_squares import squares
from npe2 import PluginManifest

import napari_dtn
from dense_transformer.config import PredictConfig
from napari_dtn.preferences import DEFAULTS

MANIFEST = PluginManifest.from_file(Path(napari_dtn.__file__).parent / "napari.yaml")
CONTRIBUTED = MANIFEST.contributions
COMMANDS = {command.id: command for command in CONTRIBUTED.commands}


def test_every_command_leads_to_something_that_can_be_called():
    for command in COMMANDS.values():
        module, _, name = command.python_name.partition(":")
        assert callable(getattr(importlib.import_module(module), name)), command.id


def test_every_contribution_names_a_command_that_is_declared():
    used = [w.command for w in CONTRIBUTED.widgets or ()]
    used += [r.command for r in CONTRIBUTED.readers or ()]
    used += [w.command for w in CONTRIBUTED.writers or ()]
    used += [s.command for s in CONTRIBUTED.sample_data or ()]
    used += [i.command for items in CONTRIBUTED.menus.values() for i in items]
    assert set(used) == set(COMMANDS)


def test_menus_are_ones_that_napari_has():
    from napari._app_model.constants import MenuId

    known = {menu.value for menu in MenuId}
    assert set(CONTRIBUTED.menus) <= known


def test_images_of_other_readers_are_left_to_them():
    patterns = {p for r in CONTRIBUTED.readers for p in r.filename_patterns}
    assert patterns == {"*.h5", "*.hdf5", "*.hdf", "*-summary.json", "*.safetensors"}


def test_preferences_have_the_defaults_and_ranges_of_the_settings():
    page = CONTRIBUTED.configurations["predict"].properties
    assert {name: p.default for name, p in page.items()} == DEFAULTS
    fields = PredictConfig.__dataclass_fields__
    for name in ("overlap", "batch"):
        metadata = fields[name].metadata
        assert (page[name].minimum, page[name].maximum) == (
            metadata["low"],
            metadata["high"],
        )
        assert page[name].default == fields[name].default


@pytest.mark.gui
def test_menu_entry_opens_the_dock_and_predicts_the_selected_image(
    make_napari_viewer, monkeypatch, core, qtbot, no_threads_left
):
    from napari_dtn import commands
    from napari_dtn.tabs import predict

    monkeypatch.setattr(predict, "InstalledCore", lambda: core)
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.zeros((16, 16)), name="other")
    image = viewer.add_image(squares(), name="image")
    commands.predict_selected(viewer)
    tab = commands.open_dock(viewer).predict
    shown = []
    tab.shown.connect(lambda: shown.append(True))
    qtbot.waitUntil(lambda: bool(shown), timeout=20000)
    assert "image boundaries" in viewer.layers
    assert core.calls[0][1].name == image.name
    docks = [n for n in viewer.window.dock_widgets if "Dense Transformer" in n]
    assert docks == ["Dense Transformer (napari-dtn)"]
    tab.shut_down()
