"""What is on screen, predicted within its share of the time, whatever is asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_lessons import small_teaching, striped, write_small_model

from dense_transformer.errors import ModelError
from dense_transformer.teaching import Wanted, ask_view
from dense_transformer.teaching.beginning import training_config
from dense_transformer.teaching.view import (
    FIRST_S,
    RIM_PX,
    SHARE,
    LiveView,
    without_rim,
)
from dense_transformer.teaching.wanted import FILE, read_wanted
from dense_transformer.training.preview_file import unpack_preview
from dense_transformer.types import Image
from dense_transformer.zoo import load_model


class Clock:
    """A clock that is told what time it is."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.1  # whatever is measured takes a tenth of a second
        return self.now


@pytest.fixture
def model(tmp_path):
    return load_model(write_small_model(tmp_path / "m.safetensors"))


def live(tmp_path, model, notes, clock):
    image = Image(striped()[0], "yx", "stripes")
    config = training_config(small_teaching(), model)
    return LiveView(tmp_path, {"stripes": image}.get, config, notes.append, clock)


def test_it_takes_no_more_than_its_share_of_the_time(tmp_path, model):
    notes, clock = [], Clock()
    view = live(tmp_path, model, notes, clock)
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 96, 96)))
    for step in range(400):
        view.advance(model.network, step)
        clock.now += 0.5  # a step
        most = FIRST_S + SHARE * (clock.now - view.began)
        assert view.spent <= most + 0.3  # one piece
    assert len(notes) >= 2
    assert view.spent > 0.5 * SHARE * (clock.now - view.began)


def test_at_last_the_model_that_is_kept_is_shown(tmp_path, model):
    notes, other = [], load_model(tmp_path / "m.safetensors")
    with torch.no_grad():
        other.network.head.bias.add_(torch.tensor([0.0, 3.0]))
    view = live(tmp_path, model, notes, Clock())
    view.finish(lambda: other, 40)
    assert not notes  # nobody looks
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 96, 96)))
    while not notes:
        view.advance(model.network, 40)
    view.finish(lambda: other, 40)
    last, best = (unpack_preview(tmp_path / note["file"]) for note in notes)
    assert best.probability.mean() > last.probability.mean() + 0.1
    assert notes[0]["box"] == notes[1]["box"]


@pytest.mark.parametrize("error", [ModelError, MemoryError])
def test_that_it_cannot_be_shown_at_last_is_no_error(tmp_path, model, error):
    def gone():
        raise error("it is gone")

    notes = []
    view = live(tmp_path, model, notes, Clock())
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 96, 96)))
    view.finish(gone, 40)
    assert notes == [{"reason": "it is gone"}]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"image": "stripes"}',
     b'{"image": "stripes", "section": 0, "box": [0, 0, 0, 9]}',
     b'{"image": "stripes", "section": 0, "box": [0, 0, 9]}',
     b'{"image": "stripes", "section": 0, "box": "abcd"}',
     b'{"image": "stripes", "section": 1e999, "box": [0, 0, 9, 9]}'],
)  # fmt: skip
def test_nonsense_is_not_looked_at(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert read_wanted(tmp_path) is None


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Wanted("nobody", 0, (0, 0, 9, 9)), "no image"),
        (Wanted("stripes", 7, (0, 0, 9, 9)), "no section 7"),
        (Wanted("stripes", 0, (500, 500, 600, 600)), "no part"),
    ],
)
def test_what_is_not_there_is_said_and_no_error(tmp_path, model, wanted, why):
    notes = []
    view = live(tmp_path, model, notes, Clock())
    view.clock.now = 1000.0
    ask_view(tmp_path, wanted)
    for step in range(5):
        view.advance(model.network, step)
    assert why in notes[0]["reason"]


def test_a_large_view_is_cut_to_its_middle(tmp_path, model, monkeypatch):
    monkeypatch.setattr("dense_transformer.teaching.view.covered_px", lambda *_: 40)
    notes = []
    view = live(tmp_path, model, notes, Clock())
    view.began = -1e6
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 96, 30)))
    view.clock.now = 1000.0
    for step in range(30):
        view.advance(model.network, step)
    assert notes[0]["box"] == [28, 0, 68, 30]


def test_nobody_watching_costs_nothing(tmp_path, model):
    view = live(tmp_path, model, [], Clock())
    view.clock.now = 1000.0
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 9, 9)))
    ask_view(tmp_path, None)
    assert not (tmp_path / FILE).exists()
    view.advance(model.network, 1)
    assert view.spent == 0


def test_who_looks_elsewhere_gets_that_next(tmp_path, model):
    notes = []
    view = live(tmp_path, model, notes, Clock())
    view.began = -1e6
    view.clock.now = 1000.0
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 96, 96)))
    view.advance(model.network, 1)  # begins there
    ask_view(tmp_path, Wanted("stripes", 0, (0, 0, 40, 40)))
    for step in range(2, 30):
        view.advance(model.network, step)
    assert [note["box"] for note in notes[:1]] == [[0, 0, 40, 40]]


def test_nothing_is_shown_where_the_network_did_not_see_on():
    shown = without_rim(np.ones((80, 100)), (True, False, False, True))
    assert not shown[:RIM_PX].any()
    assert not shown[:, -RIM_PX:].any()
    assert shown[RIM_PX:, :-RIM_PX].all()
    assert without_rim(np.ones((8, 9)), (False,) * 4).all()
    assert not without_rim(np.ones((8, 9)), (True,) * 4).any()
