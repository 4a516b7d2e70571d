"""The annotation layer lies where the image lies; its keys are napari's to give."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from dense_transformer.teaching import Change, Piece
from napari_dtn.annotation_keys import (
    DRAW,
    NEXT_PLACE,
    TOGGLE,
    TOOLS,
    bind_keys,
    spelled,
)
from napari_dtn.annotation_layer import annotation_spec, class_colours, stack_of
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_strokes import joined
from napari_dtn.in_order import InOrder
from napari_dtn.placement import make_layer
from napari_dtn.sources import read_source

TURN = [[0.8, -0.6], [0.6, 0.8]]
CASES = {
    "plain": (np.zeros((30, 40)), {}, (30, 40)),
    "turned, in nm": (
        np.zeros((30, 40)),
        {"scale": (4, 8), "translate": (100, -50), "rotate": TURN, "units": "nm"},
        (30, 40),
    ),
    "stack": (
        np.zeros((5, 30, 40)),
        {"scale": (40, 4, 4), "units": ("nm", "nm", "nm")},
        (5, 30, 40),
    ),
    "rgb": (np.zeros((30, 40, 3), np.uint8), {"rgb": True}, (30, 40)),
    "rgb stack": (np.zeros((5, 30, 40, 3), np.uint8), {"rgb": True}, (5, 30, 40)),
    "pyramid": (
        [np.zeros((64, 80)), np.zeros((32, 40)), np.zeros((16, 20))],
        {"scale": (2, 2), "multiscale": True},
        (64, 80),
    ),
    "time": (np.zeros((3, 5, 30, 40)), {}, (1, 5, 30, 40)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_pixel_of_the_annotations_is_the_pixel_of_the_image(case):
    data, options, shape = CASES[case]
    image = Image(data, **options)
    point = [2.0] + [0.0] * 3 if case == "time" else [0.0] * image.ndim
    source = read_source(image, point)
    labels = np.zeros((source.image.sections, *source.image.size), np.uint8)
    layer = make_layer(annotation_spec(labels, source, ("inside", "boundary")), "id")
    assert layer.data.shape == shape
    assert layer.units == image.units
    index = np.array([n - 2 for n in shape], float)
    theirs = index + (np.array([2, 0, 0, 0]) if case == "time" else 0)
    np.testing.assert_allclose(layer.data_to_world(index), image.data_to_world(theirs))
    layer.data[..., 7, 9] = 2  # what is painted is painted on the labels
    assert (labels[:, 7, 9] == 2).all()
    assert np.shares_memory(stack_of(layer), labels)


def test_every_class_has_a_colour_of_its_own():
    for count in (0, 2, 3, 6, 8):  # 0: the model isn't known yet
        assert len(set(class_colours([str(n) for n in range(count)]))) == count


def test_own_keys_take_none_of_naparis():
    from app_model.types import KeyBinding
    from napari.utils.key_bindings import coerce_keybinding
    from napari.utils.shortcuts import default_shortcuts

    other = ("points", "shape", "image", "vectors", "tracks", "surface", "vertex")
    actions = ("select", "orient", "contrast", "rectangle", "ellipse", "_line_mode")
    actions += ("path_mode", "polyline", "polygon_mode", "lasso", "direct_mode")
    taken = {
        binding
        for name, bindings in default_shortcuts.items()
        for binding in bindings
        if "labels" in name or not any(word in name for word in (*other, *actions))
    }
    assert coerce_keybinding("P") in taken  # the filter keeps what matters
    layer = Labels(np.zeros((4, 4), int))
    one = SimpleNamespace(layer=layer, undo=None, redo=None, classes="123456789")
    bind_keys(one, dict.fromkeys((NEXT_PLACE, TOGGLE, DRAW)))
    mine = set(layer.keymap)
    assert len(mine) == 9 + 7
    undo = {coerce_keybinding("Control-Z"), coerce_keybinding("Control-Shift-Z")}
    assert not mine & taken
    # Those two mean on this layer what they mean on others.
    classes = {*Labels.class_keymap, *ViewerModel.class_keymap}
    assert mine & {k for k in classes if isinstance(k, KeyBinding)} <= undo


def test_the_keys_in_the_panel_are_naparis_keys():
    from napari.utils.shortcuts import default_shortcuts

    modes = {"paint": "paint", "polygon": "polygon", "fill": "fill", "erase": "erase"}
    modes["pan_zoom"] = "pan_zoom"
    for mode, name in modes.items():
        bound = default_shortcuts[f"napari:activate_labels_{name}_mode"]
        assert TOOLS[mode] in [str(binding) for binding in bound]
    assert spelled("Control-Shift-Z") == "Ctrl+Shift+Z"


def test_boxes_of_a_stroke_are_joined_but_not_into_the_whole_image():
    boxes = []
    for n in range(0, 4000, 10):
        boxes = joined(boxes, (0, 1, n, n, n + 20, n + 20))
    assert len(boxes) < 60
    assert sum((b[4] - b[2]) * (b[5] - b[3]) for b in boxes) < 1e6
    covered = np.zeros((4020, 4020), bool)
    for _, _, top, left, bottom, right in boxes:
        covered[top:bottom, left:right] = True
    for n in range(0, 4000, 10):
        assert covered[n : n + 20, n : n + 20].all()
    other_section = joined([(0, 1, 0, 0, 9, 9)], (1, 2, 0, 0, 9, 9))
    assert len(other_section) == 2


def test_work_in_order_is_done_in_order_and_survives_failures(qtbot):
    order, told, failed = InOrder("test"), [], []
    order.failed.connect(failed.append)
    gate = threading.Event()
    order.ask(lambda: gate.wait(10), told.append)
    for n in range(50):
        order.ask(lambda n=n: n, told.append)
    order.ask(lambda: 1 / 0)
    order.ask(lambda: 1 / 0, told.append, lambda error: told.append("caught"))
    order.ask(lambda: "last", told.append)
    assert order.busy
    assert told == []
    with qtbot.waitSignal(order.idle, timeout=10000):
        gate.set()
    assert told == [True, *range(50), "caught", "last"]
    assert [type(error) for error in failed] == [ZeroDivisionError]
    assert not order.busy


def test_work_that_was_asked_for_is_done_at_the_end(qtbot):
    order, done = InOrder("test"), []
    for n in range(20):
        order.ask(lambda n=n: done.append(n))
    assert order.finish(10)
    order.ask(lambda: done.append("late"))
    assert order.finish(10)
    assert done == [*range(20), "late"]


@pytest.mark.parametrize("side", [10, 600])  # drawn piece by piece, or all at once
@pytest.mark.parametrize("shown", [False, True])
def test_an_undo_spares_what_was_painted_meanwhile(side, shown):
    shape = (1, side + 40, side + 60)
    pixels = Pixels(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), 2)
    if shown:
        pixels.layer = Labels(pixels.labels[0])
    pixels.write(0, 20, 30, np.full((side, side), 2, np.uint8))
    whole = [(0, 1, 0, 0, *shape[1:])]
    painted, strange = pixels.take(whole)
    assert strange == 0
    ((section, top, left, after),) = painted
    assert (section, top, left, after.shape) == (0, 20, 30, (side, side))
    pixels.write(0, 22, 33, np.full((3, 4), 1, np.uint8))  # not handed on yet
    piece = Piece(0, 20, 30, after, np.zeros_like(after))
    pixels.apply(Change(1, (piece,)))
    assert np.count_nonzero(pixels.labels) == 12
    assert (pixels.labels[0, 22:25, 33:37] == 1).all()
    again, _ = pixels.take(whole)
    assert [p[:3] for p in again] == [(0, 22, 33)]  # what is left to be handed on
    assert (again[0][3] == 1).all()


def test_a_label_that_is_no_class_becomes_what_was_there():
    labels, kept = np.ones((1, 9, 9), np.uint8), np.ones((1, 9, 9), np.uint8)
    pixels = Pixels(labels, kept, 2)
    labels[0, 2:4, 2:4] = 9
    labels[0, 5, 5] = 2
    painted, strange = pixels.take([(0, 1, 0, 0, 9, 9)])
    assert strange == 9
    assert (labels[0, 2:4, 2:4] == 1).all()
    assert [p[:3] for p in painted] == [(0, 5, 5)]
