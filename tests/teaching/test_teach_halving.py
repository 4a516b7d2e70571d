"""What a model that learned from patches finds best, it finds at threshold 0.5."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_lessons import make_project, make_run, small_teaching, striped

from dense_transformer.config import NetworkConfig
from dense_transformer.evaluation import score
from dense_transformer.nn import build_network
from dense_transformer.teaching import begin_run, halving, held_out, teach
from dense_transformer.teaching.halving import at_half, shifted_copy
from dense_transformer.training import RunDirectory
from dense_transformer.work import finish
from dense_transformer.zoo import load_model


def foreground(network, pixels):
    with torch.no_grad():
        return torch.softmax(network.eval()(pixels).double(), 1)[:, -1].numpy()


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("threshold", [0.1, 0.9])
def test_odds_of_the_foreground_move_by_those_of_the_threshold(classes, threshold):
    network = build_network(NetworkConfig(depth=3, base_channels=4, classes=classes), 1)
    pixels = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    before = foreground(network, pixels)
    after = foreground(shifted_copy(network, threshold), pixels)
    odds = before / (1 - before) / (threshold / (1 - threshold))
    np.testing.assert_allclose(after, odds / (1 + odds), rtol=1e-5)
    np.testing.assert_array_equal(foreground(network, pixels), before)  # as it was


@pytest.mark.parametrize("threshold", [0.0, 1.0, 1e-30])
def test_a_threshold_at_the_end_shifts_no_further_than_can_be_undone(threshold):
    network = build_network(NetworkConfig(depth=3, base_channels=4), 1)
    moved = (shifted_copy(network, threshold).head.bias - network.head.bias).detach()
    assert 3 < abs(float(moved[-1])) < 4
    assert float(moved[0]) == 0


def found_at(threshold: float):
    """Return how a model does whose probabilities change at `threshold`."""
    truth = np.repeat(np.uint8([1, 2]), 50)[None]
    probability = np.where(truth == 2, threshold + 0.05, threshold - 0.05)
    return SimpleNamespace(scores=score([(probability.astype(np.float32), truth)], 2))


def judging(after: float, asked: list):
    def judge(network, data):
        asked.append(network)
        return found_at(after)
        yield

    return judge


@pytest.mark.parametrize(
    ("before", "after", "judged", "shifted"),
    [(0.2, 0.5, 1, True), (0.2, 0.2, 1, False), (0.5, 0.5, 0, False)],
    ids=["better", "no better, as tiles overlap", "right already"],
)
def test_what_was_shifted_is_kept_if_it_is_seen_to_find_more(
    before, after, judged, shifted
):
    network = build_network(NetworkConfig(depth=3, base_channels=4), 1)
    asked: list[object] = []
    first = found_at(before)
    validation, kept = finish(at_half(network, first, judging(after, asked), None))
    assert len(asked) == judged
    assert (kept is network, validation is first) == (not shifted, not shifted)


def taught(tmp_path, monkeypatch, many=100, **changes):
    """Return a finished run from patches that begin where little is foreground."""
    monkeypatch.setattr(held_out, "MANY", many)
    run = make_run(
        tmp_path, steps=12, learning_rate=5e-3, recall=0.0, mixes=(1.0,), **changes
    )
    return run, finish(teach(run))


def test_a_model_of_patches_finds_most_at_a_half_and_is_else_the_same(
    tmp_path, monkeypatch
):
    _, result = taught(tmp_path / "a" / "p", monkeypatch)
    assert result.best_step > 0
    assert result.after.f1_half > result.after.f1 - halving.LEAST
    monkeypatch.setattr(halving, "LEAST", 1.0)
    _, plain = taught(tmp_path / "b" / "p", monkeypatch)
    assert plain.after.f1_half < plain.after.f1 - 0.02, "nothing to shift"
    assert result.after.auc == pytest.approx(plain.after.auc, abs=1e-3)
    assert result.best_step == plain.best_step
    ours, theirs = (load_model(r.best).network.state_dict() for r in (result, plain))
    assert [n for n, v in ours.items() if not v.equal(theirs[n])] == ["head.bias"]
    scores = dict(load_model(result.best).card.scores)
    assert scores["f1_half"] == pytest.approx(result.after.f1_half)


def test_few_pixels_and_strokes_shift_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("shifted")

    monkeypatch.setattr(halving, "shifted_copy", refuse)
    taught(tmp_path / "few", monkeypatch, many=10**6)
    with make_project(tmp_path / "p", places=0) as project:
        for section in range(3):
            truth = striped(section)[1]
            stroke = np.zeros_like(truth)
            stroke[20:50, 10:80] = truth[20:50, 10:80]
            project.journal("stripes").paint(
                section, 0, 0, np.zeros_like(stroke), stroke
            )
        run = begin_run(project, small_teaching(steps=8, learning_rate=5e-3))
    assert finish(teach(run)).steps == 8


def test_what_a_checkpoint_is_worth_does_not_hang_on_the_shift(tmp_path, monkeypatch):
    run, result = taught(tmp_path / "p", monkeypatch)
    events = [e for e in RunDirectory(run).read_events() if e.get("best")]
    best = next(e for e in events if e["step"] == result.best_step)
    plain = held_out.merit_of(
        SimpleNamespace(loss=best["loss"], scores=SimpleNamespace(**best["scores"]))
    )
    assert best["merit"] != plain, "of the shifted one"
    assert dataclasses.asdict(result.after) == best["scores"]
