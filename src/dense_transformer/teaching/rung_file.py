"""The file `rung.json`: what a run of teaching gave up when memory was short."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from dense_transformer.files import atomic_write
from dense_transformer.teaching.probe import Rung

FILE = "rung.json"


def write_rung(run: Path, rung: Rung) -> None:
    """Note how a run's steps are computed from now on; raises WriteError."""
    atomic_write(run / FILE, json.dumps(dataclasses.asdict(rung)).encode())


def read_rung(run: Path, batch: int) -> Rung | None:
    """Return what `write_rung` noted; None if nothing, nonsense, or more than `batch`.

    Parameters
    ----------
    run : Path
        Its folder.
    batch : int
        Patches of a batch, which can't be in more pieces.
    """
    try:
        values = json.loads((run / FILE).read_bytes())
        height, width = (int(n) for n in values["patch"])
        pieces, device = int(values["pieces"]), str(values["device"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    fits = 1 <= pieces <= batch and min(height, width) > 0
    return Rung(pieces, (height, width), device) if fits else None
