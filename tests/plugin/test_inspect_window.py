"""The Inspect tab in a real window: what the mouse does, and what is then seen."""

from __future__ import annotations

import numpy as np
import pytest
from fake_inspector import SHIFT_PX, THETA
from inspect_driver import lattice_of

from dense_transformer.types import WarpEdit
from napari_dtn.inspect_marks import SPOKES

pytestmark = pytest.mark.gui
NM = {"scale": (4.6, 4.6), "units": ("nm", "nm"), "translate": (100, 50)}


def fiducials_of(w):
    """Return where the discs of the fiducials are drawn, source px."""
    lines = w.drawn("fiducials").data[::SPOKES, :, -2:].astype(float)
    return lines[:, 0] + lines[:, 1] / 2


def test_one_sentence_says_how_much_space_is_bent(look_into):
    w = look_into()
    words = w.inspect.header.sentence.text()
    assert "tile 1 of 4" in words
    assert "3.6 px on average, 3.6 px at most" in words  # |(3, -2)|
    assert "nothing folded" in words


@pytest.mark.parametrize("options", [{}, NM], ids=["pixels", "nanometres"])
def test_fiducials_lie_where_they_read_in_the_frame_of_the_image(look_into, options):
    w = look_into(**options)
    layer, image = w.drawn("fiducials"), w.context.layer()
    expected = [image.data_to_world(p) for p in lattice_of(w) + SHIFT_PX]
    shown = [layer.data_to_world(p) for p in fiducials_of(w)]
    np.testing.assert_allclose(shown, expected, atol=1e-3)
    assert layer.units == image.units


@pytest.mark.slow
def test_a_disc_is_seen_on_the_fiducial_and_not_beside_it(look_into, qtbot):
    w = look_into()
    at = lattice_of(w)[5] + SHIFT_PX
    qtbot.wait(150)
    red, green, blue = w.pixel(*at)
    assert red > 180
    assert green > 150
    assert blue < 90
    assert np.ptp(w.pixel(at[0] + 7, at[1] + 8)) < 30  # gray, within a cell of the grid


def test_hovering_draws_the_learned_patch_beside_the_regular_square(look_into):
    w = look_into()
    w.open("PatchSection")
    w.hover(32, 40)
    w.settle()
    w.hover(30, 33)
    lines = w.drawn("patch").data
    square, patch = lines[:4, 0], lines[4:, 0]
    np.testing.assert_allclose(square.min(0), (18, 21), atol=0.6)  # 3 units of 8 px
    np.testing.assert_allclose(square.max(0), (42, 45), atol=0.6)
    # Every unit reads SHIFT_PX away, so the one that reads the pixel lies that far
    # off, and its patch is back around the pixel.
    np.testing.assert_allclose(patch.min(0), square.min(0), atol=0.1)
    np.testing.assert_allclose(patch.max(0), square.max(0), atol=0.1)


@pytest.mark.slow
def test_orange_outline_is_seen_around_the_cursor(look_into, qtbot):
    w = look_into()
    w.click(w.part("WarpSection").button)  # closed: only the patch is drawn
    w.open("PatchSection")
    w.hover(40, 40)
    w.settle()
    w.hover(32, 32)
    qtbot.wait(150)
    edge = w.drawn("patch").data[4:, 0].min(0)[0]
    colours = np.array([w.pixel(edge + d, 32) for d in (-0.4, 0, 0.4)])
    orange = (colours[:, 0] > 170) & (colours[:, 2] < 110)
    assert orange.any(), colours


def test_clicks_pin_patches_and_the_table_tells_of_them(look_into, tmp_path):
    w = look_into()
    section = w.open("PatchSection")
    w.click_image(30, 33)
    w.click_image(40, 90)  # in another tile
    rows = section.table.text().splitlines()
    assert len(rows) == 3
    assert rows[1].split("\t")[1:4] == ["30", "33", "1.00"]
    assert rows[2].split("\t")[1:3] == ["40", "90"]
    assert w.context.tile == 0  # a click pins; with Shift it chooses the tile
    section._save(tmp_path / "p.csv")
    text = (tmp_path / "p.csv").read_text().splitlines()
    assert len(text) == 3
    assert text[0].startswith("patch,level,at_y_px")
    w.click_image(40, 90, shift=True)
    assert w.context.tile == 1


@pytest.mark.slow
def test_a_click_chooses_the_tile_there_and_a_pan_does_not(look_into):
    w = look_into()
    w.click_image(100, 100)
    assert w.context.tile == 3
    assert "tile 4 of 4" in w.inspect.header.sentence.text()
    np.testing.assert_allclose(fiducials_of(w), lattice_of(w) + SHIFT_PX, atol=1e-3)
    w.drag_image((100, 20), (80, 40))
    w.settle()
    assert w.context.tile == 3


def test_the_slider_takes_the_warp_back_and_the_network_runs_again(look_into):
    w = look_into()
    section = w.open("SeenSection")
    assert w.drawn("seen") is not None
    assert w.drawn("found").data.max() == np.float32(0.9)
    section.slider.setValue(0)
    w.settle()
    np.testing.assert_allclose(fiducials_of(w), lattice_of(w), atol=1e-3)
    assert w.drawn("found").data.max() == np.float32(0.1)
    assert section.boxes.words.text().startswith("100.0 % of this tile's pixels")
    ramp = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    np.testing.assert_allclose(w.drawn("seen").data, ramp, atol=1e-4)
    w.click(w.part("SeenSection").button)  # closed: as learned again
    w.settle()
    np.testing.assert_allclose(fiducials_of(w), lattice_of(w) + SHIFT_PX, atol=1e-3)
    assert w.drawn("seen") is None


def test_the_warped_image_shows_at_a_place_what_is_read_there(look_into):
    w = look_into()
    w.open("SeenSection")
    shown, pixels = w.drawn("seen").data, w.context.session.pixels(0)
    np.testing.assert_allclose(shown[20, 20], pixels[23, 18], atol=1e-3)
    np.testing.assert_allclose(w.drawn("seen").translate, (0, 0))


@pytest.mark.parametrize(
    "zoom", [0.5, *(pytest.param(x, marks=pytest.mark.slow) for x in (1.0, 3.0))]
)
def test_a_dragged_fiducial_stands_where_the_hand_let_go(look_into, zoom):
    w = look_into(**NM)
    section = w.open("WhatIfSection")
    w.viewer.scene.camera.center = w.world(32, 32)
    w.viewer.scene.camera.zoom *= zoom
    w.qtbot.wait(200)  # the canvas is drawn at the new zoom
    centre, start = w.viewer.scene.camera.center, lattice_of(w)[5] + SHIFT_PX
    w.drag_image(tuple(start), (30.0, 31.0))
    w.settle()
    assert w.viewer.scene.camera.center == centre  # the canvas was not panned
    moved = fiducials_of(w)
    one_screen_px = 1 / (w.viewer.scene.camera.zoom * 4.6)
    np.testing.assert_allclose(moved[5], (30, 31), atol=0.02 + one_screen_px)
    others = np.delete(np.arange(16), 5)
    np.testing.assert_allclose(
        moved[others], (lattice_of(w) + SHIFT_PX)[others], atol=1e-3
    )
    assert section.undo.isEnabled()


@pytest.mark.slow
def test_where_the_hand_lets_go_counts_though_no_move_told_of_it(look_into):
    w = look_into()
    w.open("WhatIfSection")
    w.let_go_in_a_hurry(tuple(lattice_of(w)[5] + SHIFT_PX), (30.0, 31.0))
    w.settle()
    np.testing.assert_allclose(fiducials_of(w)[5], (30, 31), atol=0.6)


@pytest.mark.slow
def test_lines_that_stay_where_they_are_are_not_drawn_anew(look_into):
    w = look_into()
    section = w.part("WarpSection").section
    drawn = []
    for layer in section.group.layers():
        layer.events.set_data.connect(lambda e: drawn.append(e.source.name))
    section.bend()
    assert drawn == []
    w.context.set_edits((WarpEdit(4, theta=-THETA),))
    assert "inspect: fiducials" in drawn
    assert "inspect: lattice" not in drawn


def test_a_drag_is_one_thing_to_undo_and_to_redo(look_into):
    w = look_into()
    section = w.open("WhatIfSection")
    start = lattice_of(w)[5] + SHIFT_PX
    w.drag_image(tuple(start), (30.0, 31.0))
    w.settle()
    after = fiducials_of(w)
    w.click(section.undo)
    w.settle()
    np.testing.assert_allclose(fiducials_of(w)[5], start, atol=1e-3)
    assert not section.undo.isEnabled()
    w.click(section.redo)
    w.settle()
    np.testing.assert_allclose(fiducials_of(w), after, atol=1e-4)
    w.click(section.reset)
    w.settle()
    np.testing.assert_allclose(fiducials_of(w)[5], start, atol=1e-3)


@pytest.mark.slow
def test_the_mesh_follows_at_once_and_the_last_position_is_the_one_looked_at(look_into):
    w = look_into()
    w.open("WhatIfSection")
    session, start = w.inspect_core.session, lattice_of(w)[5] + SHIFT_PX
    session.gate.clear()  # the network takes its time
    before = len(session.looks)
    w.drag_image(tuple(start), (28.0, 33.0), steps=20)
    np.testing.assert_allclose(fiducials_of(w)[5], (28, 33), atol=0.6)
    session.gate.set()
    w.settle()
    asked = [edits[0].theta[10:12] for _, edits in session.looks[before:]]
    assert len(asked) <= 3  # of 20 positions: the first, and the last
    np.testing.assert_allclose(
        asked[-1] * PX_OF_THETA, np.array((28, 33)) - lattice_of(w)[5], atol=0.6
    )


PX_OF_THETA = 8 * 3.5  # px of a unit, units of half a map


@pytest.mark.slow
def test_changed_warps_are_kept_in_a_file_and_used_for_the_whole_image(
    look_into, tmp_path
):
    from dense_transformer.inference import read_edits

    w = look_into()
    section = w.open("WhatIfSection")
    w.drag_image(tuple(lattice_of(w)[5] + SHIFT_PX), (30.0, 31.0))
    w.settle()
    section.save_to(tmp_path / "warp.json")
    (kept,) = read_edits(tmp_path / "warp.json")
    np.testing.assert_allclose(kept.theta, section.history.edits[0].theta, rtol=1e-6)
    w.click(section.predict)
    w.settle()
    assert len(w.inspect_core.predicted) == 1
    assert w.drawn("whole").data.shape == (128, 128)


@pytest.mark.slow
def test_a_press_beside_the_fiducials_pans_as_ever(look_into):
    w = look_into()
    w.open("WhatIfSection")
    centre = w.viewer.scene.camera.center
    w.drag_image((32.0, 32.0), (20.0, 20.0))
    w.settle()
    assert w.viewer.scene.camera.center != centre
    assert w.context.edits == ()
