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
SCORES = (("auc", "AUC"), ("f1", "F1"))  # the first that is there is drawn


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
    """

    step: int = 0
    steps: int = 0
    loss: Curve = field(default_factory=lambda: (np.zeros(0), np.zeros(0)))
    smooth_loss: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scores: Curve = field(default_factory=lambda: (np.zeros(0), np.zeros(0)))
    score_name: str = "held-out score"
    start_score: float | None = None
    best: tuple[int, float] | None = None
    rate: float | None = None
    seconds_left: float | None = None
    notices: tuple[str, ...] = ()
    device: str = ""
    ending: str = ""


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
        self._scores: list[tuple[int, float]] = []
        self._name = "held-out score"
        self._key = ""
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
        elif kind in ("step", "skip"):
            self._step = max(self._step, step)
            self._take_loss(step, event)
            self._rate = _number(event.get("rate"))
            self._left = _number(event.get("seconds_left"))
        elif kind == "validation":
            self._take_scores(step, event)
        elif kind == "end":
            self._ending = str(event.get("reason", "finished"))
        for word in ("notice", "reason" if kind == "skip" else "notice"):
            text = event.get(word)
            if isinstance(text, str) and text and text not in self._notices[-1:]:
                self._notices.append(text)

    def report(self) -> RunReport:
        """Return what the run has come to."""
        scores = _curve(self._scores)
        start = next((value for step, value in self._scores if step == 0), None)
        later = [(s, v) for s, v in self._scores if s > 0]
        best = max(later, key=lambda pair: pair[1], default=None)
        if best is not None and start is not None and best[1] <= start:
            best = None
        return RunReport(
            self._step, self.steps, _curve(self._losses), np.array(self._smooth),
            scores, self._name, start, best, self._rate, self._left,
            tuple(self._notices), self._device, self._ending,
        )  # fmt: skip

    def _begin_again(self, step: int, event: dict[str, Any]) -> None:
        """Forget the steps behind the one that a resumed run goes on from."""
        losses = [pair for pair in self._losses if pair[0] <= step]
        self._scores = [pair for pair in self._scores if pair[0] <= step]
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
        known = [(k, n) for k, n in SCORES if _number(scores.get(k)) is not None]
        known = [pair for pair in known if pair[0] == self._key] or known
        if known:
            self._key, name = known[0]
            self._name = f"held-out {name}"
            value = float(scores[self._key])
            self._scores = [p for p in self._scores if p[0] != step]
            self._scores.append((step, value))


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and math.isfinite(value) else None


def _curve(pairs: list[tuple[int, float]]) -> Curve:
    steps, values = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(steps, float), np.array(values, float)
