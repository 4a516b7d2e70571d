"""Which of two predictions is better: one score and one rule for all that ask.

The score is the best F1 of pixels. Trainings of the shipped models that differ by
their seed alone differ by up to 0.003 in it, so less than that is no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from dense_transformer.inspection.changes import Judgement

NOISE = 3e-3  # of best F1: what another seed of the same training makes
Verdict = Literal["better", "worse", "alike", "unknown"]


def weigh(first: Judgement, second: Judgement) -> Verdict:
    """Return whether the first of two predictions is better than the second.

    Returns
    -------
    {"better", "worse", "alike", "unknown"}
        ``"alike"`` below `NOISE`; ``"unknown"`` where the labels hold one class only.
    """
    return weigh_gain(first.scores.f1 - second.scores.f1)


def weigh_gain(gain: float) -> Verdict:
    """Return what a gain in best F1 is worth; see `weigh`."""
    if not np.isfinite(gain):
        return "unknown"
    if abs(gain) < NOISE:
        return "alike"
    return "better" if gain > 0 else "worse"


def describe_ablated(learned: Judgement, without: Judgement) -> str:
    """Return whether one image's prediction needs the warp that was taken away."""
    end = {
        "better": "its own warp helps on this image",
        "worse": "on this image it does better without its own warp",
        "alike": "less than another seed changes, so on this image its own warp makes "
        "no difference worth the name",
        "unknown": "the labels hold too little to say more",
    }[weigh(learned, without)]
    first, second = learned.scores.f1, without.scores.f1
    return f"Best F1 goes from {first:.4f} to {second:.4f}: {end}."


def describe_rivals(names: tuple[str, str], judged: tuple[Judgement, Judgement]) -> str:
    """Return which of two models' predictions of one image is better."""
    first, second = judged
    end = {
        "better": f"{names[0]} is better on this image",
        "worse": f"{names[1]} is better on this image",
        "alike": "less than another seed changes, so on this image neither is better",
        "unknown": "the labels hold too little to say more",
    }[weigh(first, second)]
    return (
        f"Best F1 is {first.scores.f1:.4f} by {names[0]} and {second.scores.f1:.4f} by "
        f"{names[1]}: {end}."
    )


def describe_many(learned: Sequence[Judgement], other: Sequence[Judgement]) -> str:
    """Return the same over several images, each counting alike.

    Parameters
    ----------
    learned, other : sequence of Judgement
        Of the same images, in the same order.
    """
    pairs = list(zip(learned, other, strict=True))
    scores = np.array([[a.scores.f1, b.scores.f1] for a, b in pairs], dtype=float)
    known = scores[np.isfinite(scores).all(1)]
    if not len(known):
        return "The labels hold too little to say more."
    first, second = known.mean(0)
    end = {
        "better": "the learned prediction is better",
        "worse": "the learned prediction is worse",
        "alike": "less than another seed changes, so it makes no difference worth the "
        "name",
        "unknown": "",
    }[weigh_gain(float(first - second))]
    verdicts = [weigh(a, b) for a, b in pairs]
    counts = [
        f"{words} on {verdicts.count(verdict)}"
        for verdict, words in _COUNTED.items()
        if verdict in verdicts
    ]
    words = f"Best F1 goes from {first:.4f} to {second:.4f}: {end}."
    if len(pairs) == 1:
        return words
    of = f"Of {len(pairs)} images the learned prediction is"
    return f"{words} {of} {', '.join(counts)}."


_COUNTED: dict[Verdict, str] = {
    "better": "better",
    "worse": "worse",
    "alike": "no different",
    "unknown": "not to be scored",
}
