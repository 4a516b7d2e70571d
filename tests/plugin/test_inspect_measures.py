"""Maps and numbers of the Inspect tab, on a warp that shifts all by (3, -2) px."""

from __future__ import annotations

import numpy as np
import pytest
from fake_inspector import FakeInspectCore
from inspect_driver import InspectWindow
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from dense_transformer.types import WarpEdit

pytestmark = pytest.mark.gui
SHIFT = np.hypot(3, 2)
CORNER_S = (1 - 3 / 8) * (1 - 2 / 8)  # units of 8 px: what the emptiest one receives
NM = {"scale": (4.6, 4.6), "units": ("nm", "nm"), "translate": (100, 50)}


def remove_by_mouse(w: InspectWindow, section) -> None:
    buttons = section.findChildren(type(section.remover()))
    (button,) = [b for b in buttons if b.text() == "Remove these layers"]
    w.click(button)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="pixels", marks=pytest.mark.slow),
        pytest.param(NM, id="nanometres"),
    ],
)
def test_coverage_lies_over_its_tile_and_is_said_in_words(look_into, options):
    w = look_into(**options)
    section = w.open("CoverageSection")
    layer, image = w.drawn("coverage"), w.context.layer()
    assert layer.data.shape == (8, 8)
    assert layer.data.min() == pytest.approx(CORNER_S, abs=1e-4)
    assert layer.units == image.units
    top, left = w.context.tile_px[:2]
    first = image.data_to_world((top + 3.5, left + 3.5))  # the middle of 8 px
    np.testing.assert_allclose(layer.data_to_world((0, 0)), first)
    last = image.data_to_world((top + 59.5, left + 59.5))
    np.testing.assert_allclose(layer.data_to_world((7, 7)), last)
    assert f"S = {CORNER_S:.2f}" in section.words.text()
    assert "nothing had to be filled" in section.words.text()
    assert layer.name.startswith(image.name)


@pytest.mark.slow
def test_density_of_a_shift_is_even_and_its_length_is_told(look_into):
    w = look_into()
    section = w.open("DensitySection")
    known = w.drawn("density").data
    np.testing.assert_allclose(known[np.isfinite(known)], 0, atol=1e-4)
    words = section.words.text()
    assert "0.0 % of the area is folded" in words
    assert f"{SHIFT:.1f} px on average, {SHIFT:.1f} px at most" in words
    assert len(w.drawn("folds").data) == 0
    section.choice.setCurrentIndex(section.choice.findData("magnitude"))
    w.settle()
    shown = w.drawn("magnitude").data
    np.testing.assert_allclose(shown[np.isfinite(shown)], SHIFT, atol=1e-3)
    assert w.drawn("density") is None


def test_folds_appear_where_fiducials_pass_one_another(look_into):
    w = look_into()
    section = w.open("DensitySection")
    theta = np.zeros((16, 2), np.float32)
    theta[5], theta[6] = (0, 1.2), (0, -1.2)
    w.context.set_edits((WarpEdit(4, theta=theta.ravel()),))
    w.settle()
    assert "is folded over" in section.words.text()
    assert len(w.drawn("folds").data) >= 4
    w.context.set_edits(())
    w.settle()
    assert "0.0 % of the area is folded" in section.words.text()
    assert len(w.drawn("folds").data) == 0


@pytest.mark.slow
def test_holes_appear_where_the_warp_does_not_read(look_into):
    w = look_into()
    section = w.open("CoverageSection")
    line = np.linspace(-1, 1, 4, dtype=np.float32)
    lattice = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
    magnified = WarpEdit(4, theta=-0.5 * lattice.ravel())  # reads the middle half
    w.context.set_edits((magnified,))
    w.settle()
    assert "are holes (S < 0.1" in section.words.text()
    coverage = w.drawn("coverage").data
    assert coverage[0].max() < 0.1
    assert coverage[3:5, 3:5].min() > 1
    assert len(w.drawn("holes").data) >= 8  # around, and around the middle
    assert section.histogram._counts[0] == (coverage < 0.1).sum()
    w.context.set_edits(())
    w.settle()
    assert "nothing had to be filled" in section.words.text()
    assert len(w.drawn("holes").data) == 0


@pytest.mark.slow
def test_a_folded_section_computes_nothing_and_leaves_nothing(look_into, monkeypatch):
    import dense_transformer.inspection as core

    calls = []
    measure = core.density

    def counted(*arguments):
        calls.append(arguments)
        return measure(*arguments)

    monkeypatch.setattr(core, "density", counted)
    w = look_into()
    assert calls == []
    section = w.open("DensitySection")
    assert len(calls) == 1
    section.choice.setCurrentIndex(1)  # another map of the same warp
    w.settle()
    section.box.setChecked(False)
    w.settle()
    assert len(calls) == 1
    w.context.choose_tile(1)
    w.settle()
    assert len(calls) == 2
    w.click(w.part("DensitySection").button)
    w.context.choose_tile(2)
    w.settle()
    assert len(calls) == 2
    assert w.drawn("density") is None
    assert w.drawn("magnitude") is None


@pytest.mark.slow
def test_layers_are_removed_with_one_click_or_from_the_list(look_into):
    w = look_into()
    section = w.open("CoverageSection")
    w.viewer.layers.remove(w.drawn("coverage"))
    w.settle()
    assert section.kind == ""
    section.choice.setCurrentIndex(0)
    w.settle()
    assert w.drawn("coverage") is not None
    remove_by_mouse(w, section)
    assert w.drawn("coverage") is None
    assert w.drawn("holes") is None


def test_numbers_of_a_tile_can_be_read_copied_and_saved(look_into, tmp_path):
    core = FakeInspectCore()
    core.levels = (3, 4)
    w = look_into(inspect_core=core)
    section = w.open("NumbersSection")
    table = section.table.table
    heads = [table.horizontalHeaderItem(c).text() for c in range(table.columnCount())]
    assert heads == ["level 3", "level 4"]
    w.click(section.table.copy)
    copied = QApplication.clipboard().text()
    row = next(r for r in copied.splitlines() if r.startswith("mean displacement"))
    assert row.split("\t")[1:] == ["3.61 px", "7.21 px"]  # composed: both shifts
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == copied
    section._save(tmp_path / "numbers.csv")
    lines = (tmp_path / "numbers.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("image,level,")


def test_a_plain_network_has_no_maps_and_no_numbers(look_into):
    core = FakeInspectCore()
    core.levels = ()
    w = look_into(inspect_core=core)
    for name in ("CoverageSection", "DensitySection", "NumbersSection"):
        section = w.open(name)
        assert "plain U-Net" in section.words.text()
    w.open("FeaturesSection")
    assert not w.open("AblationSection").bar.run.isEnabled()
    assert not w.open("ExportSection").bar.run.isEnabled()
    assert not [layer for layer in w.viewer.layers if layer.name.startswith("image:")]
