"""Edited warps as files, to be used in other predictions."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dense_transformer.errors import ConfigError
from dense_transformer.files import atomic_write
from dense_transformer.types import Box, WarpEdit

FORMAT, VERSION = "napari-dtn warps", 1
LARGEST_FILE = 2**26  # bytes
LARGEST_COORDINATE = 2**31
MOST_PARAMETERS = 2**13


def write_edits(
    path: Path | str, edits: Sequence[WarpEdit], *, model: str = "", image: str = ""
) -> Path:
    """Write edits as JSON; return the path.

    Parameters
    ----------
    path : path
        File to be written or replaced.
    edits : sequence of WarpEdit
        What to keep.
    model, image : str
        What they were made with, for people.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    ConfigError
        If a number isn't finite.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model": model,
        "image": image,
        "edits": [_to_json(edit) for edit in edits],
    }
    try:
        text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    except ValueError as error:
        raise ConfigError(f"{path} is not written: a number isn't finite") from error
    return atomic_write(path, (text + "\n").encode())


def read_edits(path: Path | str) -> tuple[WarpEdit, ...]:
    """Return the edits of a file that `write_edits` wrote.

    Whether they fit a model and an image is checked by `predict`.

    Raises
    ------
    ConfigError
        If the file can't be read, isn't of that format, too new, too large or holds
        what is no edit.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(
                f"{path} is larger than 64 MiB; it holds no warps of ours"
            )
        content = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path} is no JSON: {str(error)[:120]}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConfigError(f"{path} holds no warps; give a file that was saved as such")
    if content.get("version") != VERSION:
        raise ConfigError(
            f"{path} is of version {str(content.get('version'))[:20]}, this program "
            f"reads {VERSION}; update napari-dtn"
        )
    edits = content.get("edits")
    if not isinstance(edits, list):
        raise ConfigError(f"{path} is damaged: it has no list of edits")
    return tuple(_from_json(edit, f"{path}, edit {i}") for i, edit in enumerate(edits))


def _to_json(edit: WarpEdit) -> dict[str, Any]:
    # float32 as text of 9 digits comes back as the same bits
    theta = None if edit.theta is None else np.asarray(edit.theta, np.float32)
    return {
        "level": int(edit.level),
        "strength": float(edit.strength),
        "theta": None if theta is None else [float(f"{v:.9g}") for v in theta],
        "tile_px": None if edit.tile_px is None else [int(n) for n in edit.tile_px],
    }


def _from_json(value: Any, where: str) -> WarpEdit:
    names = {"level", "strength", "theta", "tile_px"}
    if not isinstance(value, dict) or set(value) != names:
        raise ConfigError(f"{where} is damaged: it needs {', '.join(sorted(names))}")
    level, strength = value["level"], value["strength"]
    if type(level) is not int or not 1 <= level <= 64:
        raise ConfigError(f"{where}: level {str(level)[:20]} is no level")
    if not _is_number(strength):
        raise ConfigError(f"{where}: strength {str(strength)[:20]} is no finite number")
    return WarpEdit(
        level, float(strength), _theta(value["theta"], where), _box(value, where)
    )


def _theta(value: Any, where: str) -> Any:
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MOST_PARAMETERS
        or not all(_is_number(v) for v in value)
    ):
        raise ConfigError(f"{where}: theta is no list of finite numbers")
    theta = np.array(value, dtype=np.float64)
    if np.abs(theta).max() > 1e6:
        raise ConfigError(f"{where}: theta holds {np.abs(theta).max():g}; at most 1e6")
    theta = theta.astype(np.float32)
    theta.setflags(write=False)
    return theta


def _box(value: dict[str, Any], where: str) -> Box | None:
    box = value["tile_px"]
    if box is None:
        return None
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(type(n) is int and abs(n) < LARGEST_COORDINATE for n in box)
        or not (box[0] < box[2] and box[1] < box[3])
    ):
        raise ConfigError(f"{where}: tile_px is not top, left, bottom, right in px")
    return box[0], box[1], box[2], box[3]


def _is_number(value: Any) -> bool:
    if type(value) not in (int, float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _refuse(name: str) -> Any:
    raise ConfigError(f"{name} is no finite number")
