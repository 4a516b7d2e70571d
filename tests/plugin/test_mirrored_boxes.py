"""The image box of Inspect and Teach shows what that of Predict shows, and chooses."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtTest import QTest
from window_driver import LEFT

pytestmark = pytest.mark.gui


def turn_to(window, index: int) -> None:
    bar = window.dock.tabs.tabBar()
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(index).center())


def boxes(window) -> list:
    return [window.dock.inspect.header.image, window.dock.teach.image]


def test_images_that_come_after_the_dock_can_be_chosen_in_every_tab(window):
    w = window()
    for index in (1, 2):
        turn_to(w, index)
    assert not any(box.isEnabled() for box in boxes(w))
    one = w.add_image(np.zeros((64, 64), np.uint8), name="one")
    two = w.add_image(np.ones((64, 64), np.uint8), name="two")
    for box in boxes(w):
        assert box.isEnabled()
        assert box.currentText() == "two"
    box = w.dock.teach.image
    box.setFocus()
    QTest.keyClicks(box, "one")  # a combo box finds what is typed
    assert w.tab.images.layer() is one
    w.add_image(np.ones((64, 64), np.uint8), name="three")
    w.tab.images.choose(one)
    w.viewer.layers.remove(two)  # the chosen one stays, in another row
    assert [box.currentText() for box in boxes(w)] == ["one", "one"]
    w.viewer.layers.clear()
    assert not any(box.isEnabled() for box in boxes(w))
    w.add_image(np.zeros((64, 64), np.uint8), name="four")
    assert all(box.isEnabled() for box in boxes(w))
