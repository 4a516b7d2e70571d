"""What a run predicts of what is on screen lies where the image has it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QTimer
from small_inspector import TILE, small_model

from dense_transformer import types
from dense_transformer.config import TeachConfig
from dense_transformer.data import Pair
from dense_transformer.inspection import PreviewFile, read_preview
from dense_transformer.teaching import Wanted, ask_view
from dense_transformer.teaching.beginning import training_config
from dense_transformer.teaching.view import LiveView
from dense_transformer.training.preview_file import pack_preview
from napari_dtn.inspect_layers import redraw
from napari_dtn.inspect_run import preview_specs
from napari_dtn.layers import LayerSpec
from napari_dtn.placement import make_layer
from napari_dtn.sources import read_source
from napari_dtn.teach_run_pictures import (
    ViewFile,
    ViewTail,
    crosses,
    empty_specs,
    picture_specs,
    place_of,
)

BOX = (8, 16, 40, 80)  # of what is on screen, px


def answered(folder):
    """Return what a run with warps predicts of a section, and where it was asked."""
    model = small_model()
    pixels = np.random.default_rng(3).integers(0, 256, (3, 96, 128), np.uint8)
    events = (folder / "events.jsonl").open("a")

    def note(values):
        events.write(json.dumps({"event": "view", "step": 4, **values}) + "\n")
        events.flush()

    answers = LiveView(
        folder, {"em": types.Image(pixels, "zyx", "em")}.get,
        training_config(TeachConfig(), model), note,
    )  # fmt: skip
    answers.began -= 1e6
    answers._next = 0.0
    ask_view(folder, Wanted("em", 2, (0, 0, 96, 128)))
    while (view := ViewTail(folder).newest()) is None:
        answers.advance(model.network, 4)
    events.close()
    image = Image(pixels, name="em", scale=(50.0, 4.0, 4.0), units=("nm",) * 3)
    return view, read_source(image, (100.0, 0, 0))


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


@pytest.mark.parametrize("enlarged", [1.0, 0.5])
def test_warps_lie_where_their_part_of_the_image_does(tmp_path, enlarged):
    """In the image's own frame, as if each had the frame of the part."""
    view, source = answered(tmp_path)
    top, left, *_ = view.box
    high, wide = (round(side * enlarged) for side in (96, 128))
    view = replace(view, box=(top + 3, left + 5, top + 3 + high, left + 5 + wide))
    preview = read_preview(PreviewFile(view.step, None, view.path))
    apart = preview_specs(preview, place_of(preview, view, source))[2:]
    specs = picture_specs(view, source, True)[1:]
    assert len(apart) == len(specs) == 3
    image_frame = source.frame.placed()
    for dots, other in zip(apart, specs, strict=True):
        one = crosses(dots) if dots.kind == "points" else dots
        there, here = make_layer(one), make_layer(other)
        assert np.all(other.frame["scale"] == image_frame["scale"])
        for end in (0, 1):
            world = [
                np.array([layer.data_to_world(x) for x in positions(layer.data, end)])
                for layer in (there, here)
            ]
            np.testing.assert_allclose(world[0], world[1], rtol=1e-5, atol=1e-3)
        ratio = there.scale[-1] / here.scale[-1]
        assert other.look["edge_width"] == pytest.approx(one.look["edge_width"] * ratio)


def positions(data, end):
    """Return the starts or ends of vectors."""
    return data[:, 0] + end * data[:, 1]


@pytest.mark.parametrize("lead", [(), (3.0,)])
def test_a_fiducial_is_a_cross_of_two_lines_in_its_section(lead):
    """Of a dot of 8 px: 6 px each way from it, 2 px wide."""
    dots = LayerSpec(
        "points", "run fiducials", "x", [[*lead, 10.0, 20.0]], {}, {"size": 8}
    )
    cross = crosses(dots)
    np.testing.assert_array_equal(
        positions(cross.data, 0), [[*lead, 4.0, 20.0], [*lead, 10.0, 14.0]]
    )
    np.testing.assert_array_equal(
        positions(cross.data, 1), [[*lead, 16.0, 20.0], [*lead, 10.0, 26.0]]
    )
    assert (cross.kind, cross.role) == ("vectors", "run fiducials")
    assert cross.look["edge_width"] == 2


@pytest.mark.parametrize("warps", [True, False])
def test_room_is_made_for_just_what_comes(tmp_path, warps):
    view, source = answered(tmp_path)
    full = picture_specs(view, source, warps)
    room = empty_specs(source, (0, 0, 96, 128), min(TILE), warps)
    assert len(full) == (4 if warps else 1)
    for there, comes in zip(room, full, strict=True):
        assert (there.kind, there.role) == (comes.kind, comes.role)
        assert there.name == comes.name
        assert there.look == comes.look
        assert there.data.ndim == comes.data.ndim
        assert not np.any(there.data)
        assert np.any(comes.data)
    (low, high), (first, last) = (
        make_layer(specs[0], "id").extent.world for specs in (room, full)
    )
    np.testing.assert_allclose(low[0], first[0])
    np.testing.assert_allclose(high - low, last - first, atol=300)  # of whole pixels


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


def test_a_layer_of_pixels_that_can_not_be_written_takes_the_next_picture():
    first = np.zeros((8, 9), np.uint8)
    first.flags.writeable = False
    layer = Image(first)
    for value in (1, 2):
        redraw(layer, np.full((8, 9), value, np.uint8))
        assert np.all(layer.data == value)
    assert not first.any()
