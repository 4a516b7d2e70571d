"""`dtn inspect --run`: how the warps of a training developed."""

from __future__ import annotations

from pathlib import Path

from dense_transformer.cli.console import note, say


def inspect_training(run: Path, out: Path, figures: tuple[str, ...]) -> int:
    """Write what a run's record says about its transformers; name the files."""
    from dense_transformer.inspection.export.training_report import (
        verdict,
        write_history,
    )
    from dense_transformer.inspection.history import read_history

    history = read_history(run)
    for file in write_history(history, out, figures):
        say(str(file))
    for words in verdict(history):
        note(f"dtn: {words}")
    return 0
