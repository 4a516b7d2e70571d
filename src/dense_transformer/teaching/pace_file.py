"""What a step took on this machine when it was measured: the file `pace.json`.

A run whose number of steps is left open takes as many as a minute has room for.
Measured anew each time, two runs of the same annotations could differ in it; so what a
machine's first run has measured counts until it turns out to be far off.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch

from dense_transformer.errors import WriteError
from dense_transformer.files import atomic_write
from dense_transformer.zoo import user_folder

if TYPE_CHECKING:
    from pathlib import Path

    from dense_transformer.config import TrainConfig

FILE = "pace.json"
FAR_OFF = 1.5  # times as long, or as short
_MOST = 200  # entries
_LARGEST = 100_000  # bytes


def pace_key(config: TrainConfig, device: str, *parts: object) -> str:
    """Return what the time of a step depends on, in words for the file.

    Parameters
    ----------
    config : TrainConfig
        Network, batch and precision.
    device : str
        As `describe_device` gives it, with the number of threads.
    *parts : object
        What else it depends on, such as the size of the patches.
    """
    network = json.dumps(config.network.to_dict(), sort_keys=True)
    digest = hashlib.sha256(network.encode()).hexdigest()[:12]
    words = (
        platform.node(), f"torch {torch.__version__}", device, config.precision,
        f"network {digest}", f"batch {config.batch}", *parts,
    )  # fmt: skip
    return ", ".join(map(str, words))


def read_pace(key: str) -> float | None:
    """Return the seconds of a step; None where nobody has measured it."""
    seconds = _read().get(key)
    known = isinstance(seconds, float) and 0 < seconds < math.inf
    return seconds if known else None


def note_pace(key: str, seconds: float) -> None:
    """Remember the seconds of a step, unless what is known is near enough.

    Where it can't be written nothing is remembered.
    """
    known = read_pace(key)
    if known is not None and known / FAR_OFF < seconds < known * FAR_OFF:
        return
    kept = {name: value for name, value in _read().items() if name != key}
    newest = [*kept.items()][-_MOST + 1 :]
    values = dict(newest) | {key: round(seconds, 6)}
    with suppress(WriteError, OSError):
        _path().parent.mkdir(parents=True, exist_ok=True)
        atomic_write(_path(), json.dumps(values, indent=1).encode())


def _path() -> Path:
    return user_folder().parent / FILE


def _read() -> dict[str, Any]:
    """Return what the file holds; nothing where it is damaged: it can be measured."""
    try:
        if _path().stat().st_size > _LARGEST:
            return {}
        values = json.loads(_path().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(values) if isinstance(values, dict) else {}
