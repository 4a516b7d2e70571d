"""What a training comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dense_transformer.types import Scores

Ending = Literal["finished", "patience", "stopped"]


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training comes to.

    Attributes
    ----------
    run : Path
        Its directory.
    best, last : Path
        Model files; `best` is the last one where there is nothing to validate on.
    steps : int
        Steps that were taken, the skipped ones counted.
    skipped : int
        Steps that were left out because they were not finite.
    ending : {"finished", "patience", "stopped"}
        Why it ended: all steps done, no gain any more, or asked to stop.
    scores : Scores or None
        Of the best model on the validation images.
    """

    run: Path
    best: Path
    last: Path
    steps: int
    skipped: int
    ending: Ending
    scores: Scores | None
