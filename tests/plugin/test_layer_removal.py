"""Layers that are taken away don't take the process with them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dtn.layer_removal import take_away

SESSION = """
import napari, numpy as np
from qtpy.QtCore import QEventLoop, QTimer
from napari_dtn.layer_removal import take_away

def rest(ms):
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()

viewer = napari.Viewer(show=True)
viewer.add_image(np.eye(64))
window = viewer.window.main_menu.window()
for held in (False, True, False):
    image = viewer.add_image(np.eye(64))
    labels = viewer.add_labels(np.eye(64, dtype=np.uint8))
    points = viewer.add_points(np.eye(2))
    lines = viewer.add_vectors(np.ones((4, 2, 2)))
    rest(200)
    window.setUpdatesEnabled(not held)
    take_away(viewer, [image, labels, points, lines])
    del image, labels, points, lines
    window.setUpdatesEnabled(True)
    rest(200)
print("alive with", len(viewer.layers))
viewer.close()
rest(200)
take_away(viewer, list(viewer.layers))
print("and alive after the window")
"""


@pytest.mark.slow
@pytest.mark.gui
def test_layers_that_go_together_do_not_end_the_process():
    done = subprocess.run(
        [sys.executable, "-c", SESSION], capture_output=True, text=True, timeout=100
    )
    words = "alive with 1\nand alive after the window"
    assert done.stdout.strip() == words, done.stderr[-2000:]


def test_a_viewer_without_a_window_just_loses_the_layers():
    viewer = ViewerModel()
    kept, gone = viewer.add_image(np.eye(3)), viewer.add_points(np.eye(2))
    take_away(viewer, [gone])
    assert list(viewer.layers) == [kept]
