"""Figures over the steps of a run, as its events say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_transformer.types import Array

FIGURES = (
    "shift", "largest_shift", "saturation", "spread", "folded", "coverage_mean",
    "holes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A figure over the steps of a run.

    Attributes
    ----------
    steps : ndarray, shape (n,), int64
        Ascending.
    values : ndarray, shape (n,), float64
        NaN where there was none.
    """

    steps: Array
    values: Array


@dataclass(frozen=True, slots=True, eq=False)
class LevelHistory:
    """A transformer's figures over the validations, each as in `WarpHealth`.

    Attributes
    ----------
    level : int
        1-based level.
    steps : ndarray, shape (n,), int64
        Of the validations.
    shift, largest_shift, saturation, spread, folded, coverage_mean, holes : ndarray
        Shape (n,); NaN where there was none.
    """

    level: int
    steps: Array
    shift: Array
    largest_shift: Array
    saturation: Array
    spread: Array
    folded: Array
    coverage_mean: Array
    holes: Array


def make_curve(events: Sequence[dict[str, Any]], values: Sequence[Any]) -> Curve:
    """Return one value of each event over their steps, NaN where it is no number."""
    steps = np.array([event["step"] for event in events], np.int64)
    return Curve(_frozen(steps), _numbers(values))


def read_levels(validations: Sequence[dict[str, Any]]) -> tuple[LevelHistory, ...]:
    """Return each transformer's figures; validations that failed have none."""
    found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for event in validations:
        health = event.get("health")
        for item in health if isinstance(health, list) else []:
            if isinstance(item, dict) and isinstance(item.get("level"), int):
                found.setdefault(item["level"], []).append((event["step"], item))
    return tuple(
        LevelHistory(
            level,
            _frozen(np.array([step for step, _ in rows], np.int64)),
            *(_numbers([row.get(name) for _, row in rows]) for name in FIGURES),
        )
        for level, rows in sorted(found.items())
    )


def _numbers(values: Sequence[Any]) -> Array:
    """Return values as float64, NaN where they are no numbers."""
    numbers = [
        float(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else np.nan
        for v in values
    ]
    return _frozen(np.array(numbers, np.float64))


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array
