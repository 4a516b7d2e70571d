"""What a run did and why it died is said in words that help."""

from __future__ import annotations

import dataclasses

import pytest

from dense_transformer.teaching.status import RunStatus
from napari_dtn.teach_run_report import RunReport
from napari_dtn.teach_run_words import describe, explain_death


@pytest.mark.parametrize(
    ("log", "status", "said"),
    [
        ("dtn: error: can't write a: the disk is full; free some space", 1, "disk"),
        ("OSError: [Errno 28] No space left on device", 1, "Free some space"),
        ("torch.OutOfMemoryError: CUDA out of memory.", 1, "ran out of memory"),
        ("teach 0001: 3/40", -9, "memory ran out"),
        ("dtn: error: image a.tif isn't what it was", 2, "a.tif isn't what it was"),
        ("", None, "killed, or the machine was turned off"),
    ],
)
def test_the_cause_of_death_comes_with_a_remedy(log, status, said):
    words = explain_death(log, status, 12)
    assert said in words
    assert "Resume" in words


def test_a_run_that_found_nothing_better_says_that_the_start_stays():
    status = RunStatus("finished", 10, 10, improved=False)
    words = describe("finished", status, RunReport(step=10, steps=10))
    assert "the model it began with stays" in words


def test_a_better_run_says_by_how_much():
    report = RunReport(
        step=10, steps=10, score_name="held-out AUC", start_score=0.8, best=(10, 0.9)
    )
    words = describe("finished", RunStatus("finished", improved=True), report)
    result = "Held-out AUC: 0.800 before, 0.900 now."
    advice = "Keep it under Models to go on from it."
    assert words == f"Done: step 10 of 10. {result} {advice}"


def test_a_run_that_is_as_right_and_surer_says_how_sure():
    report = RunReport(
        step=10, steps=10, score_name="held-out AUC", start_score=1.0, best=(10, 0.999),
        before={"log_loss": 0.217}, after={"log_loss": 0.078},
    )  # fmt: skip
    words = describe("finished", RunStatus("finished", improved=True), report)
    assert "1.000 before, 0.999 now; log-loss 0.217 and 0.078." in words


def test_a_mixture_with_the_start_is_called_one():
    report = RunReport(
        step=10, steps=10, score_name="held-out AUC", start_score=0.8, best=(10, 0.9),
        best_share=0.5,
    )  # fmt: skip
    words = describe("finished", RunStatus("finished", improved=True), report)
    assert "0.900 now. It has 50% of what was learned mixed in." in words


def test_a_model_that_finds_little_at_a_half_says_which_threshold_to_try():
    scores = {"f1": 0.74, "f1_half": 0.02, "threshold": 0.08}
    report = RunReport(
        step=10, steps=10, score_name="held-out AUC", start_score=0.8, best=(10, 0.9),
        before={"f1": 0.5, "f1_half": 0.5, "threshold": 0.5}, after=scores,
    )  # fmt: skip
    words = describe("finished", RunStatus("finished", improved=True), report)
    assert "At threshold 0.5 its F1 there is 0.02, at 0.08 0.74: try that" in words
    even = dataclasses.replace(report, after=scores | {"f1_half": 0.58})
    words = describe("finished", RunStatus("finished", improved=True), even)
    assert "threshold" not in words


def test_what_is_done_before_the_first_step_is_said():
    status = RunStatus("probing", message="looking at the image 0.5 times as large")
    words = describe("probing", status, RunReport())
    assert words == "Getting ready: looking at the image 0.5 times as large."
    assert "two steps" in describe("probing", RunStatus("probing"), RunReport())


def test_pace_and_time_left_are_in_the_words():
    report = RunReport(step=4, steps=40, rate=2.5, seconds_left=14.4)
    words = describe("running", RunStatus("running"), report)
    assert words == "Learning: step 4 of 40 · 2.5 steps/s · 14 s left"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("waits for run 0001 of a on this cpu", " for run 0001 of a on this cpu."),
        ("", " for another run."),
        ("getting ready", ": getting ready."),
    ],
)
def test_whom_a_run_waits_for_is_said_once(message, words):
    said = describe("queued", RunStatus("queued", message=message), RunReport())
    assert said == f"Waiting{words}"
