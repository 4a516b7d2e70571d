"""The learning rate as a pure function of the step: nothing to save or restore."""

from __future__ import annotations

from math import cos, pi
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dense_transformer.config import TrainConfig

ONE_CYCLE_START = 1 / 25  # of the peak; Smith and Topin 2017, as torch's OneCycleLR
ONE_CYCLE_END = 1e-4  # of the start


def learning_rate(config: TrainConfig, step: int) -> float:
    """Return the rate of step `step` (0-based) of the run.

    Notes
    -----
    All schedules rise over the first ``warmup * steps`` steps: one-cycle along
    a cosine from 1/25 of the peak, the others in equal parts. Then `constant`
    stays, `cosine` falls to 0 and `one-cycle` to 4e-6 of the peak (Smith and
    Topin 2017, arXiv:1708.07120).
    """
    if config.schedule == "one-cycle":
        return config.learning_rate * _one_cycle(step, config.steps, config.warmup)
    rise = round(config.warmup * config.steps)
    if step < rise:
        return config.learning_rate * (step + 1) / rise
    if config.schedule == "constant":
        return config.learning_rate
    return config.learning_rate * _between(
        1.0, 0.0, (step - rise) / (config.steps - rise)
    )


def transformer_rate(config: TrainConfig, step: int) -> float:
    """Return the rate of the transformers; 0 while they are frozen.

    When they start to learn, their rate rises in equal parts over another
    ``warmup * steps`` steps: Adam's first updates have full length whatever
    the gradient, which throws a zero-initialised head off at once.
    """
    frozen = round(config.transformer_freeze * config.steps)
    if step < frozen or config.transformer_rate == 0:
        return 0.0
    rise = max(1, round(config.warmup * config.steps)) if frozen else 1
    share = min(1.0, (step - frozen + 1) / rise)
    return learning_rate(config, step) * config.transformer_rate * share


def _one_cycle(step: int, steps: int, warmup: float) -> float:
    start, end = ONE_CYCLE_START, ONE_CYCLE_START * ONE_CYCLE_END
    peak = warmup * steps - 1
    if step <= peak:
        return _between(start, 1.0, step / peak if peak > 0 else 1.0)
    last = steps - 1
    return _between(1.0, end, (step - peak) / (last - peak) if last > peak else 0.0)


def _between(first: float, last: float, share: float) -> float:
    """Return the value at `share` of a half cosine from `first` to `last`."""
    return last + (first - last) / 2 * (1 + cos(pi * share))
