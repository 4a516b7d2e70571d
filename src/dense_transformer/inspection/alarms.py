"""When a run's transformers go wrong, by thresholds that are written down.

A transformer may collapse to the identity, fold space, stand at its bounds, or do
the same to every image. All but the folds were seen in naive trainings of this
network: tanh coordinates at the common learning rate ended with a mean shift of
0.56 of the unit frame, bounded offsets with every coordinate at its bound, and a
tamed layer with a shift of 0.02 that differed between images by 0.002. A loss curve
shows none of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from dense_transformer.inspection.curves import LevelHistory

AlarmKind = Literal["collapsed", "folds", "saturated", "constant"]

COLLAPSED = 2e-3
"""Mean shift of the fiducials, unit frame: a tenth of what live warps of the shipped
networks' kind have; 0.2 px of a tile of 224 px."""
FOLDED = 1e-3
"""Share of cells that are turned over: one cell in 1000. Warps within the default
bounds have none."""
SATURATED = 0.25
"""Share of parameters beyond 95 % of their bound."""
CONSTANT = 0.15
"""Spread of a fiducial between tiles over its mean shift; 0 is one warp for all. The
first road model made here had 0.14 (0.0048 of 0.035); the two trained with `centred`
have 1.08 and 0.74."""
GRACE = 0.05
"""Share of all steps, after the transformers' start, in which a warp may be small."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A time in a run when a transformer was not what it should be.

    Attributes
    ----------
    kind : {"collapsed", "folds", "saturated", "constant"}
        What it did.
    level : int
        Which transformer.
    step : int
        Of the first validation that showed it.
    until : int or None
        Of the first that no longer did; None: it is so to the end.
    value, threshold : float
        The worst figure of that time, and what it was held against.
    words : str
        One line for people.
    """

    kind: AlarmKind
    level: int
    step: int
    until: int | None
    value: float
    threshold: float
    words: str


def find_alarms(
    levels: Sequence[LevelHistory], *, frozen_until: int, steps: int
) -> tuple[Alarm, ...]:
    """Return when transformers went wrong, by step, then level.

    Parameters
    ----------
    levels : sequence of LevelHistory
        Their figures over the validations.
    frozen_until : int
        Step from which the transformers learn; before, they are the identity.
    steps : int
        Of the whole run, as it was planned.
    """
    alarms: list[Alarm] = []
    for level in levels:
        for kind in get_args(AlarmKind):
            values, wrong = _figures(kind, level, frozen_until + GRACE * steps)
            alarms += _times(kind, level, values, wrong)
    return tuple(sorted(alarms, key=lambda a: (a.step, a.level, a.kind)))


def _figures(
    kind: AlarmKind, level: LevelHistory, awake: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a figure at each validation and whether it is wrong; NaN never is."""
    shift, started = level.shift, level.steps > awake
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == "folds":
            return level.folded, level.folded > FOLDED
        if kind == "saturated":
            return level.saturation, level.saturation > SATURATED
        if kind == "constant":
            ratio = level.spread / shift
            return ratio, (ratio < CONSTANT) & (shift >= COLLAPSED) & started
        alive = np.maximum.accumulate(np.nan_to_num(shift)) >= COLLAPSED
        return shift, (shift < COLLAPSED) & (started | alive)


def _times(
    kind: AlarmKind, level: LevelHistory, values: np.ndarray, wrong: np.ndarray
) -> list[Alarm]:
    """Return one alarm for each run of validations that were wrong."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wrong, [False]])))
    worst = np.max if kind in ("folds", "saturated") else np.min
    found = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        until = int(level.steps[stop]) if stop < len(wrong) else None
        value = float(worst(values[start:stop]))
        step = int(level.steps[start])
        words = f"Step {step}, level {level.level}: {_explain(kind, value)}"
        found.append(
            Alarm(kind, level.level, step, until, value, _THRESHOLDS[kind], words)
        )
    return found


_THRESHOLDS: dict[AlarmKind, float] = {
    "collapsed": COLLAPSED,
    "folds": FOLDED,
    "saturated": SATURATED,
    "constant": CONSTANT,
}


def _explain(kind: AlarmKind, value: float) -> str:
    if kind == "collapsed":
        return (
            f"the warp is as good as the identity: fiducials move {value:.2g} of half "
            f"a tile on average (below {COLLAPSED:g}); raise transformer_rate or gain"
        )
    if kind == "folds":
        return (
            f"{100 * value:.2g} % of space is turned over (above {100 * FOLDED:g} %); "
            "raise fold_penalty or lower reach"
        )
    if kind == "saturated":
        return (
            f"{100 * value:.0f} % of the parameters stand at their bound (above "
            f"{100 * SATURATED:g} %), where they hardly learn; lower transformer_rate "
            "or gain"
        )
    return (
        f"every image gets nearly the same warp: it varies by {100 * value:.0f} % of "
        f"its size (below {100 * CONSTANT:g} %), so it no longer depends on its input; "
        "set centred"
    )
