"""What a run has come to so far, and that in words for people."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dense_transformer.teaching.advice import advise_threshold
from dense_transformer.teaching.base_file import read_base_words
from dense_transformer.teaching.held_out import CLEAR, is_surer
from dense_transformer.teaching.result import TeachResult
from dense_transformer.teaching.status import read_said
from dense_transformer.training.state import previous_state, unpack_state
from dense_transformer.types import Scores

if TYPE_CHECKING:
    from dense_transformer.teaching.result import TeachEnding
    from dense_transformer.training.run_directory import RunDirectory


@dataclass(frozen=True, slots=True)
class Reached:
    """What a run has come to so far.

    Attributes
    ----------
    step, skipped : int
        Steps taken, and those of them left out.
    before, after : dict
        Scores of the start and of the best model on what is held out; empty while
        unknown.
    best_share, best_step : float, int
        Of the new weights in the best model, 0: it is the start; steps before it.
    base_words : str
        What was changed before the first step; empty if nothing.
    evident : bool
        Whether that was due without a label.
    losses : tuple of float
        Log-loss on what is held out of the best without a step, and of the best; 0
        while unknown: nothing is surer than that.
    half : bool
        Whether the best is only a little better, and so mixed with the start.
    """

    step: int = 0
    skipped: int = 0
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    best_share: float = 0.0
    best_step: int = 0
    base_words: str = ""
    evident: bool = False
    losses: tuple[float, float] = (0.0, 0.0)
    half: bool = False

    @property
    def improved(self) -> bool | None:
        """Whether the best model beats the start; None if nobody knows."""
        return self.best_share > 0 if self.before else None


def read_reached(directory: RunDirectory) -> Reached:
    """Return what a run had come to when it was saved last.

    Raises
    ------
    RunError, ModelError
        If its files are damaged.
    """
    content, _ = directory.read_state()
    if not content:
        return Reached()
    state = unpack_state(content, str(directory.state))
    base_words, evident = read_base_words(directory.path)
    return Reached(
        int(state["step"]),
        int(state["skipped"]),
        dict(state["before"]),
        dict(state["best_scores"]),
        float(state["best_share"]),
        int(state["best_step"]),
        base_words,
        evident,
        tuple(state.get("losses", (0.0, 0.0))),
        bool(state.get("half", False)),
    )


def step_said(directory: RunDirectory) -> int:
    """Return at which step a run said to be; 0 if nothing of it was saved."""
    said, state = read_said(directory.path), directory.state
    saved = state.exists() or previous_state(state).exists()
    return said.step if said is not None and saved else 0


def tell_result(
    directory: RunDirectory, reached: Reached, ending: TeachEnding
) -> TeachResult:
    """Return the result of a run that ends now."""
    there = ending != "discarded" and directory.best.exists()
    before, after = reached.before, reached.after
    return TeachResult(
        run=directory.path,
        best=directory.best if there else None,
        improved=reached.improved,
        words=_words(reached, ending),
        before=Scores(**before) if before else None,
        after=Scores(**after) if after else None,
        steps=reached.step,
        best_step=reached.best_step,
        skipped=reached.skipped,
        ending=ending,
    )


def _words(reached: Reached, ending: TeachEnding) -> str:
    if ending == "discarded":
        return "discarded"
    if ending == "stopped" and not reached.before and not reached.step:
        return "stopped before the first step"
    if reached.improved is None:
        return (
            "nothing is held out, so nobody knows whether it is better; look at "
            "it, or annotate another place and teach again"
        )
    if not reached.improved:
        return (
            "nothing was better on what is held out than the model that you "
            "began with, so that is kept; annotate places that it gets wrong"
        )
    advice = advise_threshold(reached.after)
    return _gain_in_words(reached) + (f"; {advice}" if advice else "")


def _gain_in_words(reached: Reached) -> str:
    name, before, after = _shown(reached.before, reached.after)
    if reached.best_step == 0 and reached.evident:
        return (
            f"with {reached.base_words} it is like what the model knows; {name} on "
            f"what is held out {before:.3f} before, {after:.3f} so; no step after "
            "that was better"
        )
    mixed = (
        "" if reached.best_share == 1 else f", {reached.best_share:g} of it mixed in"
    )
    begun = f", beginning with {reached.base_words}" if reached.base_words else ""
    first, last = reached.losses
    if reached.half and after >= before:
        return (
            f"a little better on what is held out: {name} {before:.3f} before, "
            f"{after:.3f} after {reached.best_step} steps, log-loss {first:.3f} "
            f"without a step, {last:.3f} now; too little to be sure{mixed}{begun}"
        )
    surer = reached.half or _is_only_surer(before, after, reached.losses)
    if reached.best_step > 0 and surer:
        return (
            f"surer, and as right: log-loss of what is held out {first:.3f} without a "
            f"step, {last:.3f} after {reached.best_step} steps{mixed}{begun}"
        )
    if after < before:  # the start is worse on the rest of the annotations
        return (
            f"better on the annotations as a whole; {name} on what is held out "
            f"{before:.3f} before, {after:.3f} after {reached.best_step} steps"
        )
    if reached.best_step == 0:
        return (
            f"better: {name} on what is held out {before:.3f} before, {after:.3f} "
            f"with {reached.base_words}; no step after that was better"
        )
    return (
        f"better: {name} on what is held out {before:.3f} before, {after:.3f} "
        f"after {reached.best_step} steps{mixed}{begun}"
    )


def _is_only_surer(before: float, after: float, losses: tuple[float, float]) -> bool:
    """Return whether taught weights were kept for their log-loss alone."""
    return abs(after - before) < CLEAR and is_surer(losses[1], losses[0])


def _shown(
    before: dict[str, float], after: dict[str, float]
) -> tuple[str, float, float]:
    """Return the score to tell: AUC where both classes are held out, else F1, IoU."""
    for name, shown in (("auc", "AUC"), ("f1", "F1")):
        if all(math.isfinite(s.get(name, math.nan)) for s in (before, after)):
            return shown, before[name], after[name]
    return "IoU", before.get("iou", math.nan), after.get("iou", math.nan)
