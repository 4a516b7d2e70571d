"""The Predict tab in a real window: clicks, keys, closing, hiding."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_squares import squares
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLabel

pytestmark = pytest.mark.gui
BAR = np.zeros((128, 128), bool)
BAR[40:48, 16:112] = True


def test_run_adds_named_layers_over_the_image(window):
    w = window(squares())
    w.run()
    np.testing.assert_array_equal(w.result("boundary probability").data, BAR)
    np.testing.assert_array_equal(w.result("boundaries").data, BAR)
    visible = {layer.name for layer in w.viewer.layers if layer.visible}
    assert visible == {"image", "image boundary probability", "image boundaries"}
    assert "done" in w.tab.bar.status.text()
    assert "CPU (fake)" in w.tab.bar.status.text()


def test_stop_ends_the_run_and_adds_nothing(window, core):
    w = window(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    assert w.tab.bar.stop.isEnabled()
    assert not w.tab.bar.run.isEnabled()
    w.click(w.tab.bar.stop)
    w.until(lambda: "stopped" in w.tab.bar.status.text())
    assert core.closed == 1
    assert len(w.viewer.layers) == 1
    assert not w.tab.bar.stop.isEnabled()
    core.gate.set()
    w.run()
    assert len(w.viewer.layers) == 8


def test_closing_the_dock_during_a_run_ends_it(window, core):
    w = window(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.viewer.window.remove_dock_widget(w.dock)
    w.until(lambda: core.closed == 1)
    w.add_image(squares(), name="later")
    w.viewer.layers.clear()


def test_hiding_the_dock_lets_the_run_finish(window, core):
    w = window(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.frame.hide()
    core.gate.set()
    w.until(lambda: bool(w.shown))
    assert w.result("boundaries") is not None


def test_closing_napari_during_a_run_ends_it(window, core):
    w = window(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.viewer.close()
    w.until(lambda: core.closed == 1)


def test_card_of_the_model_is_shown_when_it_is_unfolded(window):
    w = window(squares())
    card = w.tab.models.card
    assert card.height() == 0 or not card.isVisible()
    w.click(w.tab.models.about.toggleButton())
    w.until(lambda: card.isVisible() and card.height() > 100)
    assert "Finds dark pixels" in card.toPlainText()
    assert "ROC AUC" in card.toPlainText()
    w.tab.models.combo.setCurrentIndex(1)
    assert "The same again" in card.toPlainText()


def test_every_control_can_be_reached_and_read(window):
    w = window(squares())
    w.tab.advanced.expand(animate=False)
    w.tab.models.about.expand(animate=False)
    kinds = (QComboBox, QAbstractSpinBox, QAbstractButton)
    controls = [c for kind in kinds for c in w.tab.findChildren(kind) if c.isVisible()]
    assert len(controls) > 10
    for control in controls:
        name = control.accessibleName() or getattr(control, "text", str)()
        assert name, f"{control} has no name"
    buddies = {label.buddy() for label in w.tab.findChildren(QLabel)} - {None}
    for widget in (w.tab.images, w.tab.models, w.tab.device, w.tab.threshold):
        assert widget in buddies


def test_tab_key_goes_through_the_controls_from_top_to_bottom(window):
    w = window(np.zeros((5, 64, 64)))
    w.tab.advanced.expand(animate=False)
    w.tab.images.combo.setFocus()
    heights = []
    while not w.tab.threshold.isAncestorOf(focus := w.tab.focusWidget()):
        heights.append(focus.mapTo(w.tab, focus.rect().center()).y())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        assert len(heights) < 30
    assert len(heights) > 12
    assert heights == sorted(heights)


def test_tab_fits_into_a_narrow_dock(window):
    w = window(np.zeros((5, 64, 64)))
    w.tab.advanced.expand(animate=False)
    assert w.tab.minimumSizeHint().width() <= 300


def test_tiles_on_screen_are_asked_for_first(window, core):
    w = window(squares())
    w.run()
    assert core.regions == [None]  # all of it is on screen
    w.viewer.scene.camera.zoom *= 8
    w.viewer.scene.camera.center = (64, 64)
    w.qtbot.wait(300)
    w.run()
    top, left, bottom, right = core.regions[-1]
    assert 40 < top < 64 < bottom < 90
    assert 40 < left < 64 < right < 90
