"""What a run has come to, in words."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest

from dense_transformer.teaching.reached import Reached, tell_result
from dense_transformer.types import Scores


def scores(auc):
    names = [field.name for field in dataclasses.fields(Scores)]
    return dict.fromkeys(names, 0.5) | {"auc": auc}


@pytest.mark.parametrize(
    ("before", "after", "losses", "words"),
    [
        (0.7, 0.9, (0.6, 0.3), "better: AUC on what is held out 0.700 before, 0.9"),
        (1.0, 0.999, (0.2, 0.08), "surer, and as right: log-loss of what is held out"),
        (0.9, 0.8, (0.6, 0.5), "better on the annotations as a whole"),
    ],
)  # fmt: skip
def test_why_taught_weights_are_kept_is_said(before, after, losses, words):
    reached = Reached(
        40,
        before=scores(before),
        after=scores(after),
        best_share=1.0,
        best_step=40,
        losses=losses,
    )
    directory = SimpleNamespace(path=Path("run"), best=Path("run") / "best")
    result = tell_result(directory, reached, "finished")
    assert result.improved
    assert result.words.startswith(words)
    assert "after 40 steps" in result.words


def test_a_model_that_finds_little_at_a_half_says_which_threshold_to_try(tmp_path):
    after = scores(0.9) | {"f1": 0.74, "f1_half": 0.02, "threshold": 0.08}
    reached = Reached(
        40, before=scores(0.7), after=after, best_share=1.0, best_step=40,
        losses=(0.6, 0.3),
    )  # fmt: skip
    directory = SimpleNamespace(path=tmp_path, best=tmp_path / "best")
    words = tell_result(directory, reached, "finished").words
    assert words.endswith("is 0.02, at 0.08 0.74: try that in Predict")
    even = dataclasses.replace(reached, after=after | {"f1_half": 0.58})
    assert "Predict" not in tell_result(directory, even, "finished").words


def test_a_model_that_is_surer_says_what_it_began_with(tmp_path):
    reached = Reached(
        40, before=scores(1.0), after=scores(1.0), best_share=0.5, best_step=40,
        base_words="statistics of this image", losses=(0.2, 0.08),
    )  # fmt: skip
    directory = SimpleNamespace(path=tmp_path, best=tmp_path / "best")
    words = tell_result(directory, reached, "finished").words
    assert "0.5 of it mixed in, beginning with statistics of this image" in words


def test_half_of_what_is_as_right_and_surer_is_not_called_better(tmp_path):
    reached = Reached(
        160, before=scores(0.99), after=scores(0.988), best_share=0.5, best_step=140,
        losses=(0.2, 0.15), half=True,
    )  # fmt: skip
    directory = SimpleNamespace(path=tmp_path, best=tmp_path / "best")
    words = tell_result(directory, reached, "finished").words
    assert words.startswith("surer, and as right: log-loss of what is held out 0.200")
    assert words.endswith("140 steps, 0.5 of it mixed in")


def test_a_model_that_is_only_a_little_better_says_that_it_is_mixed(tmp_path):
    reached = Reached(
        160, before=scores(0.99), after=scores(0.995), best_share=0.5, best_step=140,
        losses=(0.2, 0.15), half=True,
    )  # fmt: skip
    directory = SimpleNamespace(path=tmp_path, best=tmp_path / "best")
    result = tell_result(directory, reached, "finished")
    assert result.improved
    assert result.words == (
        "a little better on what is held out: AUC 0.990 before, 0.995 after 140 steps, "
        "log-loss 0.200 without a step, 0.150 now; too little to be sure, 0.5 of it "
        "mixed in"
    )
