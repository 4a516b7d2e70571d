"""What is on screen, told to a run that teaches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.files import atomic_write

if TYPE_CHECKING:
    from dense_transformer.types import Box

FILE = "view.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is on screen.

    Attributes
    ----------
    image : str
        Name of an image of the project.
    section : int
        0-based.
    box : Box
        Top, left, bottom, right; px of the image.
    """

    image: str
    section: int
    box: Box


def ask_view(run: Path, wanted: Wanted | None) -> None:
    """Tell a run what is on screen; None: nothing of interest. Raises WriteError."""
    path = run / FILE
    if wanted is None:
        path.unlink(missing_ok=True)
        return
    values = {
        "image": wanted.image, "section": wanted.section, "box": list(wanted.box)
    }  # fmt: skip
    atomic_write(path, json.dumps(values).encode())


def read_wanted(run: Path) -> Wanted | None:
    """Return what a run was told; None if nothing or nonsense."""
    try:
        values = json.loads((run / FILE).read_bytes())
        box = tuple(int(n) for n in values["box"])
        wanted = Wanted(str(values["image"]), int(values["section"]), box)  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    whole = len(box) == 4 and 0 <= box[0] < box[2] and 0 <= box[1] < box[3]
    return wanted if whole else None
