"""What a teaching comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dense_transformer.types import Scores

TeachEnding = Literal["finished", "patience", "stopped", "discarded"]


@dataclass(frozen=True, slots=True)
class TeachResult:
    """What a teaching comes to.

    Attributes
    ----------
    run : Path
        Its directory.
    best : Path or None
        The model to use: that of the start if nothing beat it; None if discarded.
    improved : bool or None
        Whether `best` beats the start on what is held out; None where nothing is.
    words : str
        All of this for people.
    before, after : Scores or None
        Of the start and of `best` on what is held out.
    steps, best_step : int
        Steps taken, and after how many `best` was.
    skipped : int
        Steps left out because they were not finite.
    ending : {"finished", "patience", "stopped", "discarded"}
        Why it ended.
    """

    run: Path
    best: Path | None
    improved: bool | None
    words: str
    before: Scores | None
    after: Scores | None
    steps: int
    best_step: int
    skipped: int
    ending: TeachEnding
