"""What is painted, drawn and predicted goes where its image goes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_dtn.frame_follower import moved_frame
from napari_dtn.placement import KEY
from napari_dtn.sources import layer_frame

TURN = [[0.8, -0.6], [0.6, 0.8]]
AFFINE = [[1.1, 0.2, 5], [-0.1, 0.9, -3], [0, 0, 1]]
MOVES = [
    {"scale": (4.0, 5.0)},
    {"translate": (30.0, -7.0), "rotate": TURN},
    {"shear": (0.3,), "scale": (2.0, 1.0), "rotate": TURN, "affine": AFFINE},
]


@pytest.mark.parametrize("first", MOVES)
@pytest.mark.parametrize("second", MOVES)
def test_a_result_keeps_its_place_in_the_image(first, second):
    before, now = Image(np.zeros((9, 9)), **first), Image(np.zeros((9, 9)), **second)
    place = layer_frame(before).placed((2.5, 7.0), (0.5, 3.0))
    result = layer_frame(Image(np.zeros((9, 9)), **place))
    frame = moved_frame(result, layer_frame(before), layer_frame(now))
    moved = Image(np.zeros((9, 9)), **frame)
    for px in ((0.0, 0.0), (3.0, 8.0), (-4.0, 2.0)):
        at = (2.5 + 0.5 * px[0], 7.0 + 3.0 * px[1])
        np.testing.assert_allclose(moved.data_to_world(px), now.data_to_world(at))


@pytest.mark.slow
def test_all_layers_of_an_annotated_image_go_with_it(teaching, image_file):
    window = teaching(image_file)
    image, layer = window.viewer.layers["cells"], window.annotate()
    window.click(window.section("PatchesSection").draw)
    window.stroke(layer, (50, 50), (80, 90))
    window.until(lambda: len(window.shown) > 0)
    window.settle()
    mine = [x for x in window.viewer.layers if KEY in x.metadata]
    assert len(mine) > 2  # annotations, patches, a prediction
    corner = (7.0, 9.0)
    before = [image.world_to_data(x.data_to_world(corner)) for x in mine]
    image.scale = (0.5, 0.5)
    image.translate = (20, 30)
    image.rotate = 20
    window.settle()
    after = [image.world_to_data(x.data_to_world(corner)) for x in mine]
    np.testing.assert_allclose(after, before, atol=1e-6)
    np.testing.assert_allclose(layer.data_to_world(corner), image.data_to_world(corner))
    window.viewer.reset_view()
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(layer, (20, 20), (20, 90))
    window.settle()
    assert (layer.data[20, 30:80] == 2).all()
    window.viewer.layers.remove(layer)
    window.settle()
    again = window.annotate()
    np.testing.assert_allclose(
        again.data_to_world((7.0, 9.0)), image.data_to_world((7.0, 9.0))
    )
