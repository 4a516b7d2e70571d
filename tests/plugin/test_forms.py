"""Settings as form rows, from the fields alone."""

from __future__ import annotations

import dataclasses

import pytest

from dense_transformer.config import PredictConfig
from dense_transformer.settings import Settings, setting
from napari_dtn.forms import SettingsForm

NAMES = ("tile", "overlap", "batch", "precision", "keep_warps")
pytestmark = pytest.mark.gui


@pytest.fixture
def form(qtbot):
    form = SettingsForm(PredictConfig, NAMES, {"tile": "Tile (y × x)"})
    qtbot.addWidget(form)
    return form


def test_form_begins_with_the_defaults_of_the_settings(form):
    defaults = {f.name: f.default for f in dataclasses.fields(PredictConfig)}
    assert form.values() == {name: defaults[name] for name in NAMES}


def test_form_gives_back_what_it_was_given(form):
    values = {"tile": (256, 320), "overlap": 0.5, "batch": 9, "precision": "bfloat16"}
    form.set_values(values | {"keep_warps": False})
    assert form.values() == values | {"keep_warps": False}
    PredictConfig(**form.values())
    form.set_values({"tile": None})
    assert form.values()["tile"] is None


def test_rows_cannot_leave_the_range_of_their_field(form):
    form.set_values({"overlap": 7.0, "batch": 100000, "tile": (1, 99999)})
    values = form.values()
    assert values["overlap"] == 0.75
    assert values["batch"] == 256
    assert values["tile"] is None
    PredictConfig(**values)


def test_every_row_has_a_name_a_tip_and_a_label_that_leads_to_it(form):
    from qtpy.QtWidgets import QLabel

    buddies = {label.buddy() for label in form.findChildren(QLabel)}
    for name in NAMES:
        editor = form.editor(name)
        assert editor.accessibleName()
        assert editor.toolTip()
        assert editor in buddies


def test_field_without_a_row_is_refused(qtbot):
    @dataclasses.dataclass(frozen=True)
    class Odd(Settings):
        names: tuple[str, ...] = setting((), "Names.")

    with pytest.raises(TypeError, match="names: no form row"):
        SettingsForm(Odd, ("names",))
