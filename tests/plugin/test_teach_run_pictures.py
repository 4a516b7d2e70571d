"""What a run predicts of what is on screen lies where the image has it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QTimer

from dense_transformer.data import Pair
from dense_transformer.training.preview_file import pack_preview
from napari_dtn.placement import make_layer
from napari_dtn.sources import read_source
from napari_dtn.teach_run_pictures import ViewFile, picture_specs

BOX = (8, 16, 40, 80)  # of what is on screen, px


@pytest.mark.parametrize("shape", [(96, 128), (3, 96, 128)], ids=["plane", "stack"])
@pytest.mark.parametrize("units", ["pixel", "nm"])
def test_a_prediction_lies_on_its_part_of_the_image(tmp_path, shape, units):
    ndim = len(shape)
    image = Image(
        np.zeros(shape, np.uint8), name="em", scale=(50.0, 4.0, 4.0)[-ndim:],
        translate=(7.0, 5.0, 3.0)[-ndim:], units=(units,) * ndim,
    )  # fmt: skip
    section = 2 if ndim == 3 else 0
    source = read_source(image, image.data_to_world((float(section), 0, 0)[-ndim:]))
    high, wide = BOX[2] - BOX[0], BOX[3] - BOX[1]
    probability = np.zeros((high, wide), np.float32)
    probability[0, 0] = 1.0
    pair = Pair("em", np.zeros((1, high, wide), np.float32), np.zeros_like(probability))
    path = tmp_path / "view-00000004.npz"
    path.write_bytes(pack_preview(pair, probability, ()))
    (spec,) = picture_specs(ViewFile(4, path, "em", section, BOX), source, True)
    layer = make_layer(spec, "id")
    first = (float(section), BOX[0], BOX[1])[-ndim:]
    at = np.round(layer.world_to_data(image.data_to_world(first)), 6)
    np.testing.assert_array_equal(at, 0)
    assert layer.data[(0,) * ndim] == 255
    low, upper = np.array(layer.extent.world)
    np.testing.assert_allclose(low, image.data_to_world(first))
    last = (float(section), BOX[2] - 1, BOX[3] - 1)[-ndim:]
    np.testing.assert_allclose(upper, image.data_to_world(last))


@pytest.mark.gui
def test_news_that_come_fast_do_not_put_off_what_is_asked(teaching, tmp_path, qtbot):
    view = teaching(np.zeros((32, 32), np.uint8)).section("RunSection").view
    asked = []
    view._timer.timeout.connect(lambda: asked.append(True))
    news = SimpleNamespace(alive=True, run=tmp_path, state="running")
    fast = QTimer()
    fast.timeout.connect(lambda: view._run_told(news))
    fast.start(view._timer.interval() // 4)
    try:
        qtbot.waitUntil(lambda: len(asked) > 1, timeout=5000)
    finally:
        fast.stop()
