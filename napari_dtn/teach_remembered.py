"""Which projects this person has opened: they may lie anywhere.

A list in the user's own data, the last one first. Nothing depends on it but that
projects are found again; what can't be read or written is passed over.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from dense_transformer.errors import DTNError
from dense_transformer.files import atomic_write

MOST = 200  # folders
_LARGEST = 2**20  # bytes


def remember(folder: Path) -> None:
    """Take note that a project was opened."""
    known = remembered()
    new = [folder, *(other for other in known if other != folder)][:MOST]
    if new != known:
        with contextlib.suppress(DTNError, OSError):
            path = _file()
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, json.dumps([str(f) for f in new], indent=1).encode())


def remembered() -> list[Path]:
    """Return the folders of projects that were opened, the last one first."""
    path = _file()
    try:
        if path.stat().st_size > _LARGEST:
            return []
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    folders = values if isinstance(values, list) else []
    return [
        Path(name) for name in folders if isinstance(name, str) and "\0" not in name
    ]


def _file() -> Path:
    from dense_transformer.teaching import default_project_folder

    return default_project_folder(None).parent.with_suffix(".json")
