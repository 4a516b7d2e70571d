"""What is chosen in the Predict tab: images, pixels, models, and what is remembered."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from drawn_squares import squares
from napari.settings import get_plugin_settings
from napari.utils.notifications import notification_manager

pytestmark = pytest.mark.gui
BAR = np.zeros((128, 128), bool)
BAR[40:48, 16:112] = True


def test_pixel_size_is_read_from_the_layer_and_can_be_typed(bench):
    w = bench(squares(), scale=(0.004, 0.005), units=("um", "um"))
    assert w.tab.pixels.value() == pytest.approx((4.0, 5.0))
    assert "layer" in w.tab.pixels.hint.text()
    assert "4 nm" in w.tab.pixels.hint.text()
    w.run()
    assert w.core.calls[-1][2].pixel_nm == pytest.approx((4.0, 5.0))
    w.add_image(squares(), name="unknown")
    assert w.tab.pixels.value() is None
    w.run()
    assert w.core.calls[-1][2].pixel_nm is None


def test_a_model_of_frames_says_that_it_resizes_them(bench):
    w = bench(squares(), scale=(0.004, 0.004), units=("um", "um"))
    w.tab.models.choose("frames")
    assert "128 px high" in w.tab.pixels.hint.text()
    assert "as they are" not in w.tab.pixels.hint.text()
    w.tab.models.choose("fake")
    assert "From the layer's scale" in w.tab.pixels.hint.text()


def test_a_model_that_was_taught_a_zoom_says_so(bench, monkeypatch):
    w = bench(squares(), scale=(0.004, 0.004), units=("um", "um"))
    assert "times as large" not in w.tab.pixels.hint.text()
    card = dataclasses.replace(w.tab.models.model().card, zoom=2**0.5)
    taught = dataclasses.replace(w.tab.models.model(), card=card)
    monkeypatch.setattr(w.tab.models, "model", lambda: taught)
    w.tab.models.changed.emit()
    assert "taught to see them 1.4 times as large" in w.tab.pixels.hint.text()


def test_our_own_results_are_not_offered_as_images(bench):
    w = bench(squares())
    w.run()
    combo = w.tab.images.combo
    assert [combo.itemText(n) for n in range(combo.count())] == ["image"]
    w.viewer.layers["image"].name = "renamed"
    assert combo.currentText() == "renamed"


def test_without_an_image_run_is_off_and_says_so(bench):
    w = bench()
    assert not w.tab.bar.run.isEnabled()
    assert "Open an image" in w.tab.images.combo.currentText()
    w.tab.run()
    assert "open or select" in str(notification_manager.records[-1].message)


def test_model_file_is_chosen_and_a_missing_one_is_an_error(bench, tmp_path):
    w = bench(squares())
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"")
    w.tab.open_model(str(path))
    w.until(lambda: w.tab.models.combo.currentText() == "mine")
    w.run()
    assert w.core.calls[-1][0] == str(path)
    w.tab.open_model(str(tmp_path / "none.safetensors"))
    w.until(lambda: "there is no model file" in w.tab.bar.status.text())
    assert w.tab.models.combo.currentText() == "mine"


def test_own_model_file_is_there_in_the_next_session(bench, tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"")
    w = bench(squares())
    w.tab.open_model(str(path))
    w.until(lambda: w.tab.models.combo.currentText() == "mine")
    w.tab.shut_down()
    again = bench(squares())
    again.until(lambda: again.tab.models.combo.currentText() == "mine")


def test_file_and_layer_asked_for_at_once_wait_for_the_models(bench, tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"")
    w = bench(squares())
    w.tab._finder.look()
    w.tab.prefer_model(str(path))
    w.tab.predict_layer(w.tab.images.layer())
    w.until(lambda: bool(w.shown))
    assert [call[0] for call in w.core.calls] == [str(path)]
    assert w.tab.models.choose("other")  # the list is there, too


def test_image_is_let_go_once_its_layers_are_gone(real_collector, bench):
    import gc
    import weakref

    class Pixels(np.ndarray):
        pass

    w = bench()
    pixels = squares().view(Pixels)
    ref = weakref.ref(pixels)
    w.add_image(pixels)
    del pixels
    w.run()
    w.core.calls.clear()
    w.viewer.layers.clear()
    w.add_image(np.zeros((8, 8)))  # napari itself keeps the layer selected last
    w.until(lambda: (gc.collect(), ref() is None)[1])


def test_settings_are_there_in_the_next_session(bench):
    w = bench(squares())
    w.tab.threshold.setValue(0.3)
    w.tab.device.setCurrentIndex(w.tab.device.findData("cpu"))
    w.tab.form.set_values({"tile": (256, 256), "batch": 7})
    w.tab.models.combo.setCurrentIndex(1)
    w.tab.shut_down()
    page = get_plugin_settings("napari-dtn").predict
    assert (page.threshold, page.tile_width) == (0.3, 256)
    again = bench(squares())
    assert again.tab.threshold.value() == pytest.approx(0.3)
    assert again.tab.device.currentData() == "cpu"
    assert again.tab.form.values()["tile"] == (256, 256)
    assert again.tab.form.values()["batch"] == 7
    assert again.tab.models.model().key == "other"
    again.run()
    config = again.core.calls[-1][2]
    assert (config.device, config.tile, config.batch) == ("cpu", (256, 256), 7)
