"""How fast a run goes and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from statistics import median

RECENT = 50  # steps


class Pace:
    """Times of recent steps and of the last validation."""

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=RECENT)
        self._validation = 0.0
        self._since = time.perf_counter()

    @property
    def step_s(self) -> float | None:
        """Seconds of a step of late; None of so few that the first, slow one counts."""
        return median(self._steps) if len(self._steps) > 2 else None

    def step_done(self) -> float:
        """Count a step as ended now; return the steps per second of late."""
        self._steps.append(self._lap())
        return 1 / max(1e-9, median(self._steps))

    def validation_done(self) -> None:
        """Count a validation as ended now."""
        self._validation = self._lap()

    def seconds_left(self, steps: int, validations: int) -> float | None:
        """Return the time for what remains; None before the first step."""
        if not self._steps:
            return None
        return median(self._steps) * steps + self._validation * validations

    def _lap(self) -> float:
        now = time.perf_counter()
        passed, self._since = now - self._since, now
        return passed
