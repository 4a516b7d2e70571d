"""What a run that teaches has come to, put together from its events.

Pure: knows neither napari nor Qt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SMOOTH_STEPS = 10.0  # of the exponential mean that is drawn
Curve = tuple[np.ndarray, np.ndarray]  # steps, values
SCORES = (("auc", "AUC"), ("f1", "F1"), ("iou", "IoU"))  # the first is drawn
LOG_LOSS = "log_loss"  # among the scores, of what is held out


@dataclass(frozen=True, slots=True, eq=False)
class RunReport:
    """A run as it stands.

    Attributes
    ----------
    step, steps : int
        Steps taken, and how many there will be.
    loss, scores : (ndarray, ndarray)
        Steps and values: of the annotations it learns from, and of those held out.
    smooth_loss : ndarray
        Exponential mean of the losses over `SMOOTH_STEPS` steps, free of the bias
        of its beginning.
    score_name : str
        What the scores are, for the axis.
    start_score : float or None
        Of the model that the run began with.
    best : (int, float) or None
        Step and score of the best model so far, where it beats the start.
    before, after : dict of str to float
        All scores of the start and of the best model on what is held out; `after`
        is that of the start where nothing beat it.
    rate : float or None
        Steps per second of late.
    seconds_left : float or None
        Until the last step.
    notices : tuple of str
        What people should know, oldest first: a smaller batch, a skipped step.
    device : str
        Where it computes.
    ending : str
        Why it ended; empty while it goes on.
    best_share : float
        Of what was learned in the best model; the rest is the start. 0: it is that.
    """

    step: int = 0
    steps: int = 0
    loss: Curve = field(default_factory=lambda: (np.zeros(0), np.zeros(0)))
    smooth_loss: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scores: Curve = field(default_factory=lambda: (np.zeros(0), np.zeros(0)))
    score_name: str = "held-out score"
    start_score: float | None = None
    best: tuple[int, float] | None = None
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    rate: float | None = None
    seconds_left: float | None = None
    notices: tuple[str, ...] = ()
    device: str = ""
    ending: str = ""
    best_share: float = 0.0


class ReportBuilder:
    """Takes events in and says what they come to.

    Parameters
    ----------
    steps : int
        How many steps there will be.
    """

    def __init__(self, steps: int = 0) -> None:
        self.steps = steps
        self._losses: list[tuple[int, float]] = []
        self._smooth: list[float] = []
        self._judged: list[_Judged] = []
        self._step = 0
        self._rate: float | None = None
        self._left: float | None = None
        self._notices: list[str] = []
        self._device = self._ending = ""

    def take(self, event: dict[str, Any]) -> None:
        """Take in the next event; kinds that are not known change nothing."""
        step = event.get("step", 0)
        kind = event["event"]
        if kind == "start":
            self._begin_again(step, event)
            if (base := event.get("base")) and step == 0:
                self._note(f"begins with {base}")
        elif kind in ("step", "skip"):
            self._step = max(self._step, step)
            self._take_loss(step, event)
            self._rate = _number(event.get("rate"))
            self._left = _number(event.get("seconds_left"))
        elif kind == "validation":
            self._take_scores(step, event)
        elif kind == "end":
            self._ending = str(event.get("reason", "finished"))
        told = {"skip": "reason", "notice": "message", "probe": "message"}
        text = event.get(told.get(kind, "notice"))
        if isinstance(text, str) and text:
            self._note(text)

    def report(self) -> RunReport:
        """Return what the run has come to."""
        judged = self._judged
        start = next((one for one in judged if one.step == 0), None)
        best = next((one for one in reversed(judged) if one.best), start)
        key, name = _drawn(judged)
        drawn = {one.step: one.scores[key] for one in judged if key in one.scores}
        before = None if start is None else start.scores.get(key)
        star = None
        if best is not None and best.share and key in best.scores:
            star = best.step, best.scores[key]
        return RunReport(
            self._step, self.steps, _curve(self._losses), np.array(self._smooth),
            _curve(list(drawn.items())), name, before, star,
            {} if start is None else start.scores, {} if best is None else best.scores,
            self._rate, self._left, tuple(self._notices), self._device, self._ending,
            0.0 if best is None else best.share,
        )  # fmt: skip

    def _note(self, text: str) -> None:
        text = f"{text[:1].upper()}{text[1:]}"
        if text not in self._notices[-1:]:
            self._notices.append(text)

    def _begin_again(self, step: int, event: dict[str, Any]) -> None:
        """Forget the steps behind the one that a resumed run goes on from."""
        losses = [pair for pair in self._losses if pair[0] <= step]
        self._judged = [one for one in self._judged if one.step <= step]
        self._losses, self._smooth = [], []
        for at, loss in losses:
            self._add_loss(at, loss)
        self._step, self._ending = step, ""
        self._device = str(event.get("device") or self._device)
        self._rate = self._left = None

    def _take_loss(self, step: int, event: dict[str, Any]) -> None:
        loss = _number(event.get("loss"))
        if loss is not None and event["event"] == "step":
            self._add_loss(step, loss)

    def _add_loss(self, step: int, loss: float) -> None:
        self._losses.append((step, loss))
        n = len(self._losses)
        keep = 1 - 1 / SMOOTH_STEPS
        weight, before = 1 - keep**n, 1 - keep ** (n - 1)
        mean = self._smooth[-1] * before * keep if n > 1 else 0.0
        self._smooth.append((mean + (1 - keep) * loss) / weight)

    def _take_scores(self, step: int, event: dict[str, Any]) -> None:
        scores = event.get("scores")
        if not isinstance(scores, dict):
            return
        known = {k: _number(v) for k, v in scores.items()}
        known[LOG_LOSS] = _number(event.get("loss"))
        finite = {str(k): v for k, v in known.items() if v is not None}
        share = _number(event.get("share", 1.0 if step else 0.0)) or 0.0
        self._judged.append(_Judged(step, finite, event.get("best") is True, share))


@dataclass(frozen=True, slots=True)
class _Judged:
    """One look at what is held out."""

    step: int
    scores: dict[str, float]
    best: bool  # of all so far
    share: float  # of new weights; 0: it is the start


def _drawn(judged: list[_Judged]) -> tuple[str, str]:
    """Return key and name of the score that is drawn: the first that all have."""
    for key, name in SCORES:
        if judged and all(key in one.scores for one in judged):
            return key, f"held-out {name}"
    return SCORES[-1][0], "held-out score"


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and math.isfinite(value) else None


def _curve(pairs: list[tuple[int, float]]) -> Curve:
    steps, values = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(steps, float), np.array(values, float)
