"""The commands that work on a run, and that teach the same again."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def run_command(run: Path) -> list[str]:
    """Return the command that works on a run until its end."""
    project = run.parent.parent
    return [
        sys.executable, "-m", "dense_transformer", "teach", str(project),
        "--run", run.name,
    ]  # fmt: skip


def repeating_command(run: Path) -> list[str]:
    """Return the command that teaches the same again, in another run.

    On a CPU its models are the same, bit for bit, whatever was painted since.
    """
    from dense_transformer.teaching.repeating import repeating_arguments

    return [*_program(), *repeating_arguments(run)]


def _program() -> list[str]:
    """Return what a terminal calls this very installation by: ``dtn``, if it can."""
    found = shutil.which("dtn")
    if found and Path(found).parent == Path(sys.executable).parent:
        return ["dtn"]
    return [sys.executable, "-m", "dense_transformer"]
