"""What a run has come to is told right, also when it was cut off and went on."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dtn.teach_run_report import SMOOTH_STEPS, ReportBuilder


def built(*events, steps=10):
    builder = ReportBuilder(steps)
    for event in events:
        builder.take(event)
    return builder.report()


def step(n, loss, **values):
    return {"event": "step", "step": n, "loss": loss, **values}


def score(n, auc, **values):
    scores = {"auc": auc, "f1": 0.5}
    return {"event": "validation", "step": n, "scores": scores, **values}


def test_a_constant_loss_is_smooth_from_the_first_step_on():
    report = built(*(step(n, 0.7) for n in range(1, 30)))
    np.testing.assert_allclose(report.smooth_loss, 0.7, atol=1e-12)


def test_smoothing_is_the_exponential_mean_without_bias():
    losses = np.random.default_rng(0).random(40)
    report = built(*(step(n + 1, float(loss)) for n, loss in enumerate(losses)))
    keep = 1 - 1 / SMOOTH_STEPS
    for n in range(40):
        weights = keep ** np.arange(n, -1, -1)
        expected = (weights * losses[: n + 1]).sum() / weights.sum()
        assert report.smooth_loss[n] == pytest.approx(expected, abs=1e-12)


def test_steps_that_a_resumed_run_does_again_count_once():
    report = built(
        {"event": "start", "step": 0}, step(1, 1.0), step(2, 2.0), score(2, 0.5),
        step(3, 3.0), {"event": "start", "step": 1, "device": "CPU"}, step(2, 4.0),
    )  # fmt: skip
    assert report.loss[0].tolist() == [1, 2]
    assert report.loss[1].tolist() == [1.0, 4.0]
    assert len(report.scores[0]) == 0
    assert report.step == 2
    assert report.device == "CPU"


def test_the_best_is_one_that_beats_the_start():
    start = score(0, 0.8, best=True, share=0.0)
    none = built(start, score(5, 0.7, best=False), score(10, 0.75, best=False))
    assert none.best is None
    assert none.before["auc"] == none.after["auc"] == 0.8
    assert "log_loss" not in none.before
    sure = built({**start, "loss": 0.4}, score(5, 0.9, best=True, loss=0.1))
    assert (sure.before["log_loss"], sure.after["log_loss"]) == (0.4, 0.1)
    some = built(start, score(5, 0.9, best=True), score(10, 0.85, best=False))
    assert some.start_score == 0.8
    assert some.best == (5, 0.9)
    assert (some.before["auc"], some.after["auc"]) == (0.8, 0.9)


def test_a_start_that_was_adapted_is_not_what_it_is_compared_with():
    report = built(
        score(0, 0.6, best=True, share=0.0), score(0, 0.7, best=True, share=1.0)
    )
    assert report.start_score == 0.6
    assert report.best == (0, 0.7)


def test_what_is_no_number_is_not_drawn():
    report = built(step(1, None), step(2, "x"), step(3, 0.1), step(4, True))
    assert report.loss[0].tolist() == [3]
    assert report.step == 4


def test_a_skipped_step_is_told_and_not_drawn():
    skip = {"event": "skip", "step": 2, "loss": None, "reason": "loss is nan"}
    report = built(step(1, 0.4), skip)
    assert report.loss[0].tolist() == [1]
    assert report.notices == ("Loss is nan",)


def test_what_was_changed_before_the_first_step_is_told_once():
    start = {"event": "start", "step": 0, "base": "intensities inverted"}
    report = built(start, step(1, 0.4), {**start, "step": 1})
    assert report.notices == ("Begins with intensities inverted",)
    assert built({**start, "base": ""}).notices == ()


def test_f1_is_drawn_where_there_is_no_auc():
    event = {"event": "validation", "step": 3, "scores": {"auc": None, "f1": 0.6}}
    report = built(event)
    assert report.score_name == "held-out F1"
    assert report.scores[1].tolist() == [0.6]
