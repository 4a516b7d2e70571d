"""A result while it grows: seen early, gone or put back when the run is given up."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_squares import squares

from dense_transformer.errors import DeviceError
from dense_transformer.types import Progress
from napari_dtn import layers
from napari_dtn.layers import sketch
from napari_dtn.sources import read_source

pytestmark = pytest.mark.gui
BAR = np.zeros((128, 128), bool)
BAR[40:48, 16:112] = True


def grow(w, core, pieces):
    """Run until so many quarters of the image are predicted, and shown."""
    core.gate.clear()
    calls = len(core.calls)
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) > calls)
    core.let_through(pieces)
    w.until(lambda: core.passed == pieces)
    w.until(lambda: w.tab._preview.showing)


def stop(w, core):
    w.click(w.tab.bar.stop)
    w.until(lambda: "stopped" in w.tab.bar.status.text())
    core.gate.set()


def test_finished_pieces_are_seen_before_the_run_ends(window, core):
    w = window(squares())
    grow(w, core, 2)
    half = BAR.copy()
    half[64:] = False
    for role in ("boundary probability", "boundaries"):
        np.testing.assert_array_equal(w.result(role).data, half)
    assert [layer.name for layer in w.viewer.layers] == [
        "image",
        "image boundary probability",
        "image boundaries",
    ]
    bare = w.pixel(20, 20)
    assert abs(w.pixel(44, 60) - bare).max() > 60, "the bar is not drawn"
    core.gate.set()
    w.until(lambda: bool(w.shown))
    np.testing.assert_array_equal(w.result("boundaries").data, BAR)


def test_layers_come_in_the_same_order_whether_seen_early_or_not(bench):
    w = bench(squares())
    w.run()
    assert [layer.name.removeprefix("image ") for layer in w.viewer.layers[1:]] == [
        "boundary probability",
        "coverage S level 4",
        "boundaries",
        "displacement level 4",
        "warped grid level 4",
        "lattice level 4",
        "fiducials level 4",
    ]


def test_stop_leaves_no_half_layer(bench, core):
    w = bench(squares())
    grow(w, core, 2)
    stop(w, core)
    assert [layer.name for layer in w.viewer.layers] == ["image"]


def test_failure_half_way_leaves_no_half_layer(bench, core):
    w = bench(squares())
    core.error_after = 2, DeviceError("the GPU has fallen off; choose cpu")
    w.click(w.tab.bar.run)
    w.until(lambda: "choose cpu" in w.tab.bar.status.text())
    assert [layer.name for layer in w.viewer.layers] == ["image"]


def test_stop_puts_the_last_result_back(bench, core):
    stack = np.stack([squares(), 255 - squares()])
    w = bench(stack)
    w.viewer.dims.set_point(0, 0)
    w.run()
    layer = w.result("boundary probability")
    layer.opacity = 0.3
    before = layer.data.copy(), tuple(layer.translate)
    w.viewer.dims.set_point(0, 1)
    grow(w, core, 3)
    assert tuple(layer.translate) != before[1]
    stop(w, core)
    assert w.result("boundary probability") is layer
    np.testing.assert_array_equal(layer.data, before[0])
    assert tuple(layer.translate) == before[1]
    assert layer.opacity == 0.3
    assert len(w.viewer.layers) == 8


def test_closing_the_dock_leaves_no_half_layer(window, core):
    w = window(squares())
    grow(w, core, 2)
    w.viewer.window.remove_dock_widget(w.dock)
    w.until(lambda: core.closed == 1)
    assert [layer.name for layer in w.viewer.layers] == ["image"]


def test_layer_that_is_deleted_meanwhile_comes_back_at_the_end(bench, core):
    w = bench(squares())
    grow(w, core, 1)
    w.viewer.layers.remove(w.result("boundaries"))
    w.tab._progressed(Progress(1, 4))
    core.gate.set()
    w.until(lambda: bool(w.shown))
    np.testing.assert_array_equal(w.result("boundaries").data, BAR)


def test_slider_moved_meanwhile_counts_for_what_is_still_to_come(bench, core):
    w = bench(squares())
    grow(w, core, 1)
    w.tab.threshold.setValue(0.0)
    core.let_through(2)
    w.until(lambda: bool(w.result("boundaries").data[64:96].all()))
    core.gate.set()
    w.until(lambda: bool(w.shown))
    assert w.result("boundaries").data.all()


def test_all_slices_hold_each_result_once(bench):
    stack = np.stack([squares()] * 3)
    w = bench(stack)
    w.click(w.tab.images.all)
    w.run()
    result = w.result("boundary probability").data
    assert result.shape == stack.shape
    written = [out[0] for out in w.core.outs]
    assert all(np.shares_memory(result, out) for out in written)


def test_large_image_grows_where_the_screen_is(monkeypatch):
    from napari.layers import Image

    monkeypatch.setattr(layers, "SHOWN", 100)
    monkeypatch.setattr(layers, "LARGE", 1000)
    image = Image(np.zeros((60, 80), np.uint8), scale=(2, 2), translate=(5, 5))
    pixels = np.zeros((1, 60, 80), "f4"), np.zeros((1, 60, 80), "u1")
    source = read_source(image, (0, 0))
    lower, _ = sketch(pixels, 0, source, "boundary", (10, 20, 50, 60))
    pixels[0][0, 18, 36] = 1
    rows, columns = np.nonzero(lower.data)
    assert lower.data.size <= 100
    at = lower.frame["translate"] + lower.frame["scale"] * [rows[0], columns[0]]
    np.testing.assert_array_equal(at, image.data_to_world((18, 36)))


def test_what_is_soon_done_is_not_drawn_by_halves(bench, core):
    w = bench(squares())
    core.pace_s = 1.0  # three pieces will take 3 s
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: bool(core.calls))
    core.let_through(2)
    w.until(lambda: w.tab.bar.bar.value() >= 250)
    assert [layer.name for layer in w.viewer.layers] == ["image"]
    core.gate.set()
    w.until(lambda: bool(w.shown))
    np.testing.assert_array_equal(w.result("boundaries").data, BAR)


def test_window_is_drawn_after_a_stop(window, core):
    w = window(squares(512))
    before = w.pixel(20, 20)
    grow(w, core, 2)
    stop(w, core)
    w.qtbot.wait(300)
    np.testing.assert_array_equal(w.pixel(20, 20), before)
