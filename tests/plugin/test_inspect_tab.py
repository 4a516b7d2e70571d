"""The Inspect tab follows images, models and slices, and leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pytest
from fake_inspector import SHIFT_PX, FakeInspectCore
from inspect_driver import lattice_of

from napari_dtn.placement import is_result

pytestmark = pytest.mark.gui


def ours(w):
    return [layer.name for layer in w.viewer.layers if is_result(layer)]


def test_a_stack_is_looked_at_in_the_slice_on_screen(look_into):
    stack = np.full((3, 128, 128), 90, np.uint8)
    w = look_into(stack, scale=(50, 4, 4), units=("nm",) * 3)
    w.viewer.dims.set_current_step(0, 2)
    w.until(lambda: w.context.source is not None and w.context.source.section == 2)
    w.settle()
    assert (w.drawn("fiducials").data[:, 0, 0] == 2).all()
    assert w.drawn("tiles").units == w.context.layer().units


@pytest.mark.slow
def test_an_rgb_image_is_looked_at_as_any_other(look_into):
    w = look_into(np.full((128, 128, 3), 90, np.uint8), rgb=True)
    w.open("SeenSection")
    w.open("PatchSection")
    w.hover(40, 40)
    w.settle()
    assert w.drawn("patch") is not None


@pytest.mark.slow
def test_a_plain_network_is_said_to_bend_nothing(look_into):
    w = look_into()
    for name in ("PatchSection", "SeenSection", "WhatIfSection"):
        w.open(name)
    w.tab.models.choose("other")
    w.until(lambda: "plain" in w.inspect.header.sentence.text())
    w.settle()
    assert "plain U-Net" in w.inspect.header.sentence.text()
    assert w.drawn("fiducials") is None
    w.hover(30, 30)
    w.drag_image((20, 20), (30, 30))  # nothing to take hold of


@pytest.mark.slow
def test_nested_levels_are_drawn_through_those_above(look_into):
    core = FakeInspectCore()
    core.levels = (3, 4)
    w = look_into(inspect_core=core)
    assert w.context.level == 4
    assert "7.2 px on average" in w.inspect.header.sentence.text()  # 2 |(3, -2)|
    w.inspect.header.level.setCurrentIndex(0)
    w.inspect.header.level.activated.emit(0)
    w.settle()
    assert "Level 3" in w.inspect.header.sentence.text()
    assert "3.6 px on average" in w.inspect.header.sentence.text()


@pytest.mark.slow
def test_patches_of_every_level_are_drawn_at_once(look_into):
    core = FakeInspectCore()
    core.levels = (3, 4)
    w = look_into(inspect_core=core)
    section = w.open("PatchSection")
    w.hover(60, 60)
    w.settle()
    one = len(w.drawn("patch").data)
    section.every.setChecked(True)
    w.settle()
    assert len(w.drawn("patch").data) == 2 * one
    assert [line[:7] for line in section.words.text().splitlines()] == [
        "Level 4",
        "Level 3",
    ]
    colours = {tuple(np.round(c[:3], 2)) for c in w.drawn("patch").edge_color}
    assert len(colours) == 3  # the squares, and a colour for each level
    section.every.setChecked(False)
    w.settle()
    assert len(w.drawn("patch").data) == one


def test_deleting_the_image_takes_all_drawings_along(look_into):
    w = look_into()
    for name in ("PatchSection", "SeenSection", "WhatIfSection"):
        w.open(name)
    w.hover(30, 30)
    w.settle()
    assert len(ours(w)) > 6
    w.viewer.layers.remove("image")
    w.settle()
    assert ours(w) == []
    assert w.context.pointer._find() is None


def test_closing_the_dock_leaves_no_layer_callback_or_timer(look_into):
    w = look_into()
    for name in ("PatchSection", "SeenSection", "WhatIfSection"):
        w.open(name)
    w.section("SeenSection").play.setChecked(True)
    w.hover(30, 30)
    w.viewer.window.remove_dock_widget(w.frame)
    assert ours(w) == []
    callbacks = [*w.viewer.mouse_move_callbacks, *w.viewer.mouse_drag_callbacks]
    assert not [x for x in callbacks if x.__module__.startswith("napari_dtn")]
    assert not w.section("SeenSection")._timer.isActive()


@pytest.mark.slow
def test_a_drawing_that_is_deleted_is_unticked_and_can_be_had_again(look_into):
    w = look_into()
    box = w.section("WarpSection").boxes["grid"]
    w.viewer.layers.remove(w.drawn("grid"))
    w.until(lambda: not box.isChecked())
    box.setChecked(True)
    w.settle()
    assert w.drawn("grid").visible


@pytest.mark.slow
def test_after_all_layers_are_cleared_the_next_image_is_drawn_on_as_before(look_into):
    w = look_into()
    boxes = w.section("WarpSection").boxes
    w.viewer.layers.clear()
    w.settle()
    assert all(box.isChecked() for box in boxes.values())
    w.add_image(np.full((128, 128), 70, np.uint8))
    w.until(lambda: w.context.look is not None)
    w.settle()
    assert w.drawn("grid").visible


@pytest.mark.slow
def test_a_model_of_gray_images_is_not_trusted_with_colours(look_into):
    colours = np.zeros((128, 128, 3), np.uint8)
    colours[..., 0], colours[..., 1] = 200, 30
    w = look_into(colours, rgb=True)
    caution = w.inspect.header.caution
    assert caution.isVisibleTo(w.inspect)
    assert "trained on gray images and this one is RGB" in caution.text()
    w.viewer.layers.clear()
    w.add_image(np.full((128, 128), 90, np.uint8))
    w.until(lambda: w.context.look is not None)
    w.settle()
    assert not caution.isVisibleTo(w.inspect)


@pytest.mark.slow
def test_a_weaker_warp_is_said_to_be_the_persons_and_not_judged(look_into):
    w = look_into()
    section = w.open("SeenSection")
    section.slider.setValue(0)
    w.settle()
    words = w.inspect.header.sentence.text()
    assert "at strength 0.00 the warp bends space by 0.0 px" in words
    assert "next to nothing" not in words


@pytest.mark.slow
def test_the_colours_of_arrows_tell_the_length_after_a_drag_too(look_into):
    w = look_into()
    w.open("WhatIfSection")
    arrows, ramp = w.drawn("arrows"), w.section("WarpSection").ramp
    before = arrows.edge_contrast_limits[1]
    w.drag_image(tuple(lattice_of(w)[5] + SHIFT_PX), (24.0, 24.0))
    w.settle()
    longest = float(np.asarray(arrows.features["length_px"]).max())
    assert longest > before
    assert arrows.edge_contrast_limits[1] >= longest
    assert f"{arrows.edge_contrast_limits[1]:.3g} px" in ramp.text()


def test_every_control_has_a_name_and_a_tooltip(look_into):
    from qtpy.QtWidgets import QAbstractButton, QComboBox, QSlider, QSpinBox

    w = look_into()
    kinds = (QAbstractButton, QComboBox, QSlider, QSpinBox)
    places = [w.inspect.header, *w.inspect.sections]
    found = [x for place in places for kind in kinds for x in place.findChildren(kind)]
    assert len(found) > 60
    for control in found:
        if control.objectName().startswith("qt_"):
            continue  # parts of Qt's own widgets
        name = control.accessibleName() or getattr(control, "text", str)()
        assert name, control
        assert control.toolTip(), name
