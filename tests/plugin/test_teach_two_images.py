"""Two images in one viewer: what is painted on one isn't seen on the other."""

from __future__ import annotations

import numpy as np
import pytest

PATCH = ((50, 50), (80, 90))


@pytest.fixture
def pair(teaching):
    """Return a window with a painted image and a painted stack, which is chosen."""
    window = teaching(np.zeros((100, 140), np.uint8), name="flat")
    flat = window.annotate()
    window.click(window.section("PatchesSection").from_prediction)
    window.click(window.section("PatchesSection").draw)
    window.stroke(flat, *PATCH)
    window.settle()
    assert window.one.state.patches
    window.add_image(np.zeros((4, 100, 140), np.uint8), name="stack")
    window.settle()
    return window, flat


def choose(window, name: str) -> None:
    window.dock.predict.images.choose(window.viewer.layers[name])
    window.settle()


def lines(window) -> list[str]:
    return [x.name for x in window.viewer.layers if "patches" in x.name]


@pytest.mark.slow
def test_what_is_painted_on_another_image_is_hidden_and_comes_back(pair):
    window, flat = pair
    assert not flat.visible  # a stack that is not annotated yet is chosen
    assert not lines(window)
    stack = window.annotate()
    assert stack.visible
    choose(window, "flat")
    assert (flat.visible, stack.visible) == (True, False)
    assert len(lines(window)) == 1
    assert window.viewer.layers.selection.active is flat
    flat.visible = False  # the person's own wish
    choose(window, "stack")
    assert (flat.visible, stack.visible) == (False, True)
    choose(window, "flat")
    assert (flat.visible, stack.visible) == (False, False)


@pytest.mark.slow
def test_a_prediction_does_not_bring_another_images_annotations_up(pair):
    window, flat = pair
    stack = window.annotate()
    place = window.viewer.layers.index(flat)
    window.run_prediction()
    assert window.viewer.layers[-1] is stack
    assert window.viewer.layers.index(flat) == place
    assert not flat.visible


def test_a_stroke_goes_on_the_chosen_image_alone(pair):
    window, flat = pair
    stack = window.annotate()
    choose(window, "flat")
    choose(window, "stack")
    before = np.array(flat.data)
    window.click(window.section("AnnotateSection").classes.button(2))
    window.stroke(stack, (30, 20), (30, 100))
    window.settle()
    assert stack.data.any()
    np.testing.assert_array_equal(flat.data, before)


def test_who_chooses_another_image_meanwhile_does_not_see_the_first(teaching):
    window = teaching(np.zeros((100, 140), np.uint8), name="flat")
    window.click(window.section("AnnotateSection").start)
    window.add_image(np.zeros((4, 100, 140), np.uint8), name="stack")
    window.settle()
    assert window.one is None
    assert not window.viewer.layers["flat annotations"].visible
