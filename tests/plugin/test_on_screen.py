"""What the canvas shows of an image, and what a run is told of it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QObject, Signal

from dense_transformer.teaching.wanted import read_wanted
from napari_dtn.annotation_view import show_place
from napari_dtn.inspect_pointer import px_per_screen_px
from napari_dtn.on_screen import visible_box
from napari_dtn.teach_run_view import LiveView

SIDE = 512


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


def pyramid() -> list[np.ndarray]:
    base = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE), np.uint8)
    return [base, base[::2, ::2], base[::8, ::8]]


def look_at(viewer, y, x, zoom):
    viewer.scene.camera.zoom = zoom
    viewer.scene.camera.center = (0, y, x)


def test_it_is_what_napari_says_of_an_image_of_one_level(viewer, qtbot):
    layer = viewer.add_image(
        pyramid()[0], scale=(4, 4), translate=(30, -70), units="nm"
    )
    for y, x, zoom in ((900, 700, 2.0), (100, 2000, 1.0), (1100, 900, 9.0)):
        look_at(viewer, y, x, zoom)

        def agrees():
            (top, left), (bottom, right) = np.clip(layer.corner_pixels, 0, SIDE - 1)
            box = visible_box(layer, viewer)
            seen = (top, left, bottom + 1, right + 1)
            return box is not None and np.abs(np.subtract(box, seen)).max() <= 1

        qtbot.waitUntil(agrees, timeout=5000)


def test_of_a_pyramid_it_is_in_pixels_of_the_finest_level(viewer):
    one = viewer.add_image(pyramid()[0], scale=(4, 4), units="nm")
    many = viewer.add_image(pyramid(), multiscale=True, scale=(4, 4), units="nm")
    for place in ((900, 700, 2.0), (1000, 1000, 0.1), (100, 2000, 1.0)):
        look_at(viewer, *place)
        assert visible_box(many, viewer) == visible_box(one, viewer)
    look_at(viewer, 1000, 1000, 0.01)
    assert visible_box(many, viewer) == (0, 0, SIDE, SIDE)


def test_it_is_nothing_where_the_image_is_off_the_canvas(viewer):
    layer = viewer.add_image(pyramid(), multiscale=True)
    look_at(viewer, 9000, 100, 1.0)
    assert visible_box(layer, viewer) is None


def test_in_other_units_than_the_canvas_it_is_the_same(viewer):
    fine = viewer.add_image(pyramid()[0], scale=(4, 4), units="nm")
    coarse = viewer.add_image(pyramid()[0], scale=(0.004, 0.004), units="um")
    look_at(viewer, 900, 700, 2.0)
    assert visible_box(coarse, viewer) == visible_box(fine, viewer)
    top, left, bottom, right = visible_box(fine, viewer)
    assert top < 900 / 4 < bottom
    assert left < 700 / 4 < right


class OneRun(QObject):
    """A run that lives and listens."""

    told, run_changed, begun = Signal(object), Signal(), Signal(object)
    alive = True

    def __init__(self, run):
        super().__init__()
        self.run = run


def test_a_run_is_asked_for_the_part_of_a_pyramid_that_is_on_screen(teaching, tmp_path):
    window = teaching(pyramid(), multiscale=True)
    window.annotate()
    live = LiveView(window.teach.context, OneRun(tmp_path), window.dock)
    try:
        for y, x in ((60, 400), (400, 50)):
            look_at(window.viewer, y, x, 8.0)
            window.until(lambda: not live.busy and read_wanted(tmp_path) is not None)
            top, left, bottom, right = read_wanted(tmp_path).box
            assert top < y < bottom
            assert left < x < right
            assert (bottom - top) * (right - left) < SIDE * SIDE / 4
        look_at(window.viewer, 5000, 50, 8.0)
        window.until(lambda: read_wanted(tmp_path) is None)
    finally:
        live.shut_down()


def test_a_run_is_asked_for_more_when_the_window_grows(teaching, tmp_path):
    window = teaching(pyramid(), multiscale=True)
    window.annotate()
    live = LiveView(window.teach.context, OneRun(tmp_path), window.dock)
    try:
        look_at(window.viewer, 256, 256, 8.0)
        window.until(lambda: not live.busy and read_wanted(tmp_path) is not None)
        window.settle()
        before, frame = read_wanted(tmp_path).box, window.viewer.window._qt_window
        frame.resize(frame.width() + 200, frame.height() + 150)
        window.until(lambda: read_wanted(tmp_path).box != before)
        top, left, bottom, right = read_wanted(tmp_path).box
        assert bottom - top > before[2] - before[0]
        assert right - left > before[3] - before[1]
    finally:
        live.shut_down()


def test_among_layers_whose_units_do_not_fit_together_pixels_are_the_layers_own(viewer):
    viewer.add_image(pyramid()[0], scale=(0.004, 0.004), units="um")
    plain = viewer.add_image(pyramid()[0])
    assert viewer.dims.units is None  # or napari has changed
    show_place(viewer, plain, 0, (100, 120, 200, 240))
    top, left, bottom, right = visible_box(plain, viewer)
    assert top <= 100 < 200 <= bottom < SIDE
    assert left <= 120 < 240 <= right < SIDE
    assert px_per_screen_px(plain, viewer) * viewer.canvas.size[0] == pytest.approx(
        bottom - top, rel=0.05
    )
