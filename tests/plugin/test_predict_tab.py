"""The Predict tab: runs, slices, errors and their results, beside a plain viewer."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from drawn_squares import squares
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from dense_transformer.errors import DeviceError, ImageError
from dense_transformer.types import Progress
from napari_dtn.sources import current_index

pytestmark = pytest.mark.gui
BAR = np.zeros((128, 128), bool)
BAR[40:48, 16:112] = True


def test_selection_is_what_it_was_before_the_run(bench):
    w = bench(squares())
    image = w.tab.images.layer()
    w.run()
    assert set(w.viewer.layers.selection) == {image}
    assert w.tab.images.layer() is image


def test_running_again_updates_the_layers_in_place(bench):
    w = bench(squares())
    w.run()
    layers = list(w.viewer.layers)
    w.result("boundaries").opacity = 0.2
    w.tab.images.layer().data = 255 - squares()
    w.run()
    assert list(w.viewer.layers) == layers
    np.testing.assert_array_equal(w.result("boundary probability").data, ~BAR)
    assert w.result("boundaries").opacity == 0.2


def test_plain_network_leaves_no_warp_of_another_network(bench, core):
    w = bench(squares())
    other = w.add_image(squares(), name="other")
    w.run()
    w.tab.images.choose(w.viewer.layers["image"])
    w.run()
    assert len(w.viewer.layers) == 16
    core.plain = True
    w.run()
    names = {layer.name for layer in w.viewer.layers if "image" in layer.name}
    assert names == {"image", "image boundary probability", "image boundaries"}
    assert w.result("fiducials level 4", other) is not None


def test_threshold_moves_the_boundaries_live(bench):
    w = bench(squares())
    w.run()
    probability = np.linspace(0, 1, 128, dtype=np.float32) * np.ones((128, 1), "f4")
    w.result("boundary probability").data = probability
    slider = w.tab.threshold
    slider.setValue(0.25)
    expected = probability >= 0.25
    w.until(lambda: np.array_equal(w.result("boundaries").data, expected))
    slider.setFocus()
    QTest.keyClick(slider.focusProxy() or slider, Qt.Key.Key_End)
    slider.setValue(1.0)
    w.until(lambda: w.result("boundaries").data.sum() == 128)


def test_threshold_that_moved_during_the_run_is_the_one_that_counts(bench, core):
    w = bench(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.tab.threshold.setValue(0.0)
    core.gate.set()
    w.until(lambda: bool(w.shown))
    w.until(lambda: bool(w.result("boundaries").data.all()))


def test_stack_gives_the_slice_in_view_at_its_depth(bench):
    stack = np.stack([np.full((32, 32), 50 * z, np.uint8) for z in range(5)])
    w = bench(stack, scale=(50, 4, 4), units=("nm",) * 3)
    w.viewer.dims.set_point(0, 150)
    assert "3" in w.tab.images.current.text()
    w.run()
    result = w.result("boundary probability")
    assert result.data.shape == (1, 32, 32)
    assert result.translate[0] == 150
    assert result.units == w.tab.images.layer().units
    assert w.core.calls[-1][3] == 3


def test_all_slices_give_a_stack(bench):
    stack = np.stack([np.full((32, 32), 50 * z, np.uint8) for z in range(5)])
    w = bench(stack)
    w.click(w.tab.images.all)
    w.run()
    result = w.result("boundary probability").data
    np.testing.assert_array_equal(result[:, 0, 0], [1, 1, 0, 0, 0])
    assert [call[3] for call in w.core.calls] == [2, 0, 1, 3, 4]  # in view first
    assert "5 slices" in w.tab.bar.status.text()


def test_single_image_has_no_choice_of_slices(bench):
    w = bench(squares())
    assert w.tab.images.slices.isHidden()
    w.add_image(np.zeros((3, 16, 16)), name="stack")
    assert not w.tab.images.slices.isHidden()


@pytest.mark.parametrize("kind", ["rgb", "dask", "pyramid", "time", "turned", "int32"])
def test_every_kind_of_image_layer_is_predicted_in_its_own_frame(bench, kind):
    image, options, expected = squares(), {}, BAR
    if kind == "rgb":
        image, options = np.stack([image] * 3, -1), {"rgb": True}
    elif kind == "dask":
        image = da.from_array(image, chunks=40)
    elif kind == "pyramid":
        image, options = [image, image[::2, ::2]], {"multiscale": True}
    elif kind == "time":
        image = np.stack([np.stack([image] * 2)] * 3)
        expected = BAR[None, None]
    elif kind == "turned":
        options = {"rotate": 30.0, "scale": (2, 3), "translate": (7, 9)}
    else:
        image = image.astype(np.int32)
    w = bench()
    layer = w.add_image(image, **options)
    w.run()
    result = w.result("boundary probability")
    np.testing.assert_array_equal(result.data, expected)
    seen = current_index(layer, w.viewer.dims.point)
    np.testing.assert_allclose(
        result.data_to_world((0,) * len(seen) + (40, 16)),
        layer.data_to_world((*seen, 40, 16)),
        atol=1e-9,
    )


def test_error_is_notified_with_its_remedy_and_the_next_run_works(bench, core):
    w = bench(squares())
    core.error = DeviceError("device 'cuda' is not there; choose cpu")
    notification_manager.records.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: "Failed" in w.tab.bar.status.text())
    assert [str(r.message) for r in notification_manager.records] == [str(core.error)]
    assert "choose cpu" in w.tab.bar.status.text()
    core.error = None
    w.run()
    assert w.result("boundaries") is not None


def test_torch_errors_are_runtime_errors_and_come_through(bench, core):
    w = bench(squares())
    core.error = RuntimeError("CUDA out of memory")
    w.click(w.tab.bar.run)
    w.until(lambda: "CUDA out of memory" in w.tab.bar.status.text())
    assert w.tab.bar.run.isEnabled()


def test_removing_the_image_during_the_run_stops_it(bench, core):
    w = bench(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.viewer.layers.clear()
    w.until(lambda: core.closed == 1)
    w.until(lambda: not w.tab.bar.stop.isEnabled())
    assert len(w.viewer.layers) == 0
    assert not w.tab.bar.run.isEnabled()


def test_second_run_takes_the_place_of_the_first(bench, core):
    w = bench(squares())
    second = w.add_image(squares(64), name="second")
    w.tab.images.choose(w.viewer.layers["image"])
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.tab.predict_layer(second)
    core.gate.set()
    w.until(lambda: bool(w.shown))
    assert [call[1].name for call in core.calls] == ["image", "second"]
    assert w.result("boundaries", second) is not None
    assert w.result("boundaries", w.viewer.layers["image"]) is None


def test_too_large_pixels_are_an_error_of_the_core_shown_as_it_is(bench, core):
    w = bench(squares())
    core.error = ImageError("pixels of (99.0, 99.0) nm; set pixel_nm to the true size")
    w.click(w.tab.bar.run)
    w.until(lambda: "set pixel_nm" in w.tab.bar.status.text())


def test_progress_says_how_far_how_long_and_on_what(bench, core):
    w = bench(squares())
    core.gate.clear()
    w.click(w.tab.bar.run)
    w.until(lambda: len(core.calls) == 1)
    w.tab.bar.show_progress(Progress(1, 4, "tile", 75.0, "4 tiles on CPU"))
    w.until(lambda: w.tab.bar.bar.format() == "25% · 75 s left")
    assert w.tab.bar.status.text() == "4 tiles on CPU"
    assert w.tab.bar.bar.value() == 250
    core.gate.set()
    w.until(lambda: bool(w.shown))
    assert w.tab.bar.bar.value() == 0
