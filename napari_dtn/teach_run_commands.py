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

    On the same annotations and a CPU with as many threads its models are the same,
    bit for bit.
    """
    from dense_transformer.config import TeachConfig
    from dense_transformer.teaching.beginning import START, read_teaching

    config, usual = read_teaching(run).to_dict(), TeachConfig().to_dict()
    project = run.parent.parent
    command = [*_program(), "teach", str(project), "--model", str(run / START)]
    for name, value in config.items():
        if value == usual[name] or name == "augment":
            continue
        option = name.replace("_", "-")
        if isinstance(value, bool):
            command.append(f"--{option}" if value else f"--no-{option}")
        else:
            text = (
                ",".join(map(str, value)) if isinstance(value, list | tuple) else value
            )
            command += [f"--{option}", str(text)]
    return command


def _program() -> list[str]:
    """Return what a terminal calls this very installation by: ``dtn``, if it can."""
    found = shutil.which("dtn")
    if found and Path(found).parent == Path(sys.executable).parent:
        return ["dtn"]
    return [sys.executable, "-m", "dense_transformer"]
