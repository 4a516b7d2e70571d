"""What was predicted before is hidden while something newer is shown."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_dtn.annotation_layer import ROLE
from napari_dtn.earlier_prediction import EarlierPrediction, under_annotations
from napari_dtn.placement import KEY


def tagged(kind, name, source, role):
    layer = kind(np.zeros((4, 4), np.uint8), name=name)
    layer.metadata = {KEY: {"source": source, "role": role, "name": name}}
    return layer


def make_viewer():
    viewer = ViewerModel()
    viewer.add_layer(Image(np.zeros((4, 4)), name="em"))
    viewer.add_layer(tagged(Image, "old", "em", "boundary probability"))
    viewer.add_layer(tagged(Labels, "outlines", "em", "boundaries"))
    viewer.add_layer(tagged(Image, "other", "another", "boundary probability"))
    viewer.add_layer(tagged(Labels, "painted", "em", ROLE))
    return viewer


def seen(viewer):
    return [layer.name for layer in viewer.layers if layer.visible]


def test_what_was_hidden_comes_back_and_nothing_else():
    viewer = make_viewer()
    viewer.layers["outlines"].visible = False  # the person does not want them
    earlier = EarlierPrediction(viewer)
    earlier.hide("run", "em")
    earlier.hide("run", "em")
    assert seen(viewer) == ["em", "other", "painted"]
    earlier.show("run")
    assert seen(viewer) == ["em", "old", "other", "painted"]
    viewer.layers["old"].visible = False
    earlier.show("run")
    assert seen(viewer) == ["em", "other", "painted"]


def test_who_shows_it_again_sees_it_though_newer_pictures_come():
    viewer = make_viewer()
    earlier = EarlierPrediction(viewer)
    earlier.hide("run", "em")
    viewer.layers["old"].visible = True
    earlier.hide("run", "em")
    assert viewer.layers["old"].visible
    earlier.show("run")
    earlier.hide("run", "em")  # of another run
    assert not viewer.layers["old"].visible


def test_it_stays_hidden_while_anybody_has_something_newer():
    viewer = make_viewer()
    earlier = EarlierPrediction(viewer)
    earlier.hide("run", "em")
    earlier.hide("difference", "em")
    earlier.show("run")
    assert seen(viewer) == ["em", "other", "painted"]
    earlier.hide("run", "another")
    assert seen(viewer) == ["em", "painted"]
    earlier.show("difference")
    assert seen(viewer) == ["em", "old", "outlines", "painted"]
    earlier.show("run")
    assert "other" in seen(viewer)


def test_a_layer_that_went_meanwhile_is_not_asked_for():
    viewer = make_viewer()
    earlier = EarlierPrediction(viewer)
    earlier.hide("run", "em")
    del viewer.layers["old"]
    earlier.show("run")
    assert seen(viewer) == ["em", "outlines", "other", "painted"]


def test_pictures_lie_below_the_lowest_annotations():
    viewer = make_viewer()
    assert under_annotations(viewer).name == "other"
    viewer.layers.move(4, 0)
    assert under_annotations(viewer) is None  # they are at the very bottom
    del viewer.layers["painted"]
    assert under_annotations(viewer) is None
