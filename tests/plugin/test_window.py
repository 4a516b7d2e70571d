"""What a person sees and clicks: the real window and its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_squares import squares
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

pytestmark = pytest.mark.gui
ON, OFF = (43, 64), (90, 64)  # world (y, x): on the dark bar and beside it


def is_warm(colour):
    """Return whether a colour is the orange to yellow of the probability."""
    red, green, blue = colour
    return red > 150 and red > blue + 80 and green > blue


def is_cyan(colour):
    """Return whether a colour is that of the boundaries' outline."""
    red, green, blue = colour
    return blue > 150 and green > 120 and red < 110


def test_boundaries_are_seen_where_they_are_and_nowhere_else(window, qtbot):
    w = window(squares())
    before = w.pixel(*ON)
    assert before.max() < 60
    w.click(w.tab.bar.run)
    w.until(lambda: bool(w.shown))
    qtbot.wait(200)
    assert is_warm(w.pixel(*ON))
    assert is_cyan(w.pixel(40, 64))  # the bar's first row: its outline
    beside = w.pixel(*OFF)
    assert np.ptp(beside) < 12  # gray as before
    assert beside.min() > 150


def test_slider_dragged_to_its_end_takes_the_boundaries_away(window, qtbot):
    w = window(squares())
    w.run()
    w.result("boundary probability").data = np.full((128, 128), 0.7, np.float32)
    slider = w.tab.threshold._slider
    middle = slider.height() // 2
    start = QPoint(slider.width() // 2, middle)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    for x in np.linspace(start.x(), slider.width() - 2, 12):
        QTest.mouseMove(slider, QPoint(round(x), middle))
        qtbot.wait(5)
    QTest.mouseRelease(
        slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 2, middle)
    )
    assert w.tab.threshold.value() > 0.9
    w.until(lambda: not w.result("boundaries").data.any())
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(2, middle))
    w.tab.threshold.setValue(0.1)
    w.until(lambda: bool(w.result("boundaries").data.all()))


def test_fiducials_and_holes_are_seen_once_they_are_switched_on(window, qtbot):
    w = window(np.full((128, 128), 200, np.uint8))
    w.run()
    points = w.result("fiducials level 4")
    at = tuple(points.data[5])
    for layer in (points, w.result("coverage S level 4")):
        layer.visible = True
    qtbot.wait(200)
    red, green, blue = w.pixel(*at)
    assert red > 180
    assert green > 150
    assert blue < 90
    hole = w.pixel(4, 4)  # coverage 0 in the first unit
    assert hole[0] > hole[1] + 60
    assert np.ptp(w.pixel(100, 100)) < 20  # coverage 1: nearly clear


def test_click_on_a_fiducial_selects_it_on_an_image_in_nanometres(window, qtbot):
    w = window(squares(), scale=(4.6, 4.6), units=("nm", "nm"), translate=(100, 50))
    w.run()
    points = w.result("fiducials level 4")
    points.visible = True
    w.viewer.layers.selection.active = points
    points.mode = "select"
    qtbot.wait(200)
    w.click_canvas(*points.data_to_world(points.data[6]))
    w.until(lambda: set(points.selected_data) == {6})


def test_all_layers_share_the_frame_so_that_units_stay_on(window):
    w = window(
        np.zeros((3, 64, 64), np.uint8),
        scale=(50, 4, 4),
        units=("nm", "nm", "nm"),
        axis_labels=("z", "y", "x"),
    )
    w.run()
    image = w.viewer.layers["image"]
    for layer in w.viewer.layers:
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels
    inside = image.extent.world + np.array([[-1e-3], [1e-3]])
    for role in ("boundary probability", "boundaries", "coverage S level 4"):
        extent = w.result(role).extent.world
        assert (extent[0] >= inside[0]).all()
        assert (extent[1] <= inside[1]).all()


def test_another_theme_reaches_every_part_of_the_dock(window, qtbot):
    w = window(squares())

    def brightness():
        shot = w.tab.grab().toImage()
        return shot.pixelColor(3, shot.height() - 3).lightness()

    w.viewer.theme = "dark"
    qtbot.wait(100)
    dark = brightness()
    w.viewer.theme = "light"
    qtbot.wait(100)
    assert brightness() > dark + 60
    w.viewer.theme = "dark"
