"""Adding layers in turns: none is lost, the window is always drawn again."""

from __future__ import annotations

import numpy as np
import pytest
from fake_core import fake_prediction
from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_dtn import placer as module
from napari_dtn.layers import describe
from napari_dtn.placer import Placer
from napari_dtn.sources import read_source


@pytest.fixture
def setting(qtbot):
    """Return a viewer, a widget, a placer on it, an image, and its specs."""
    viewer, widget = ViewerModel(), QWidget()
    qtbot.addWidget(widget)
    image = viewer.add_image(np.zeros((64, 96)), name="em")
    result = fake_prediction(np.zeros((64, 96), np.float32))
    specs = describe([(0, result)], read_source(image, (0, 0)))
    return viewer, widget, Placer(viewer, widget), image, specs


def run(placer, specs, image, wanted, qtbot):
    with qtbot.waitSignal(placer.placed, timeout=20000):
        placer.place(specs, image.unique_id, wanted)


@pytest.mark.parametrize("turn_s", [0.0, 0.1, 1000.0])
def test_all_layers_come_in_order_however_little_fits_a_turn(
    setting, qtbot, monkeypatch, turn_s
):
    monkeypatch.setattr(module, "TURN_S", turn_s)
    viewer, widget, placer, image, specs = setting
    run(placer, specs, image, lambda: True, qtbot)
    assert [layer.name for layer in viewer.layers[1:]] == [s.name for s in specs]
    assert viewer.layers.selection.active is image
    assert widget.updatesEnabled()
    assert not placer.busy


def test_turns_hold_no_more_than_their_budget(setting, qtbot, monkeypatch):
    viewer, _, placer, image, specs = setting
    turns = []
    placer.unit_s = 1e9  # however long a layer takes on a busy machine
    place_some = placer._place_some

    def count(budget):
        before = len(viewer.layers)
        left = place_some(7.0)
        turns.append(len(viewer.layers) - before)
        return left

    monkeypatch.setattr(placer, "_place_some", count)
    run(placer, specs, image, lambda: True, qtbot)
    # labels (5), vectors (1.5) | two points (2.9) | two images (2.7), vectors
    assert [turn for turn in turns if turn] == [2, 2, 3]
    assert [layer.name for layer in viewer.layers[1:]] == [s.name for s in specs]


def test_slow_machine_gets_more_turns(setting, monkeypatch):
    placer = setting[2]
    monkeypatch.setattr(Placer, "unit_s", 0.02)
    for _ in range(20):
        placer._learn(0.08)
    assert Placer.unit_s == pytest.approx(0.08, rel=0.05)


def test_giving_up_half_way_draws_the_window_again(setting, qtbot, monkeypatch):
    monkeypatch.setattr(module, "TURN_S", 0.0)
    viewer, widget, placer, image, specs = setting
    run(placer, specs, image, lambda: len(viewer.layers) < 4, qtbot)
    assert len(viewer.layers) == 4
    assert widget.updatesEnabled()


def test_error_while_placing_draws_the_window_again(setting, qtbot, monkeypatch):
    _, widget, placer, image, specs = setting

    def fail(*arguments):
        raise ValueError("a broken layer")

    monkeypatch.setattr(module, "place_layer", fail)
    with qtbot.captureExceptions() as errors:
        placer.place(specs, image.unique_id, lambda: True)
        qtbot.waitUntil(lambda: bool(errors), timeout=20000)
    assert widget.updatesEnabled()
    assert not placer.busy


def test_what_comes_later_stays_under_a_layer_of_the_person(setting, qtbot):
    viewer, _, placer, image, specs = setting
    run(placer, specs[:2], image, lambda: True, qtbot)
    own = viewer.add_points(np.zeros((1, 2)), name="own")
    run(placer, specs, image, lambda: True, qtbot)
    assert [x.name for x in viewer.layers[1:]] == [*(s.name for s in specs), own.name]


def test_singly_the_window_is_drawn_after_each_layer(setting, qtbot, monkeypatch):
    viewer, widget, placer, image, specs = setting
    seen = []
    turn = placer._turn

    def count():
        before = len(viewer.layers)
        turn()
        seen.append((len(viewer.layers) - before, widget.updatesEnabled()))

    placer._timer.timeout.disconnect()
    placer._timer.timeout.connect(count)
    with qtbot.waitSignal(placer.placed, timeout=20000):
        placer.place(specs, image.unique_id, lambda: True, singly=True)
    assert seen[: len(specs)] == [(1, True)] * len(specs)
    assert [layer.name for layer in viewer.layers[1:]] == [s.name for s in specs]
    del seen[:]
    with qtbot.waitSignal(placer.placed, timeout=20000):  # again, as ever
        placer.place(specs, image.unique_id, lambda: True)
    assert widget.updatesEnabled()
    assert len(seen) < len(specs)
