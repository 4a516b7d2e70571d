"""A figure with the words that say how to read it."""

from __future__ import annotations

from dataclasses import dataclass

from dense_transformer.inspection.export.drawing import (
    Drawing,
)


@dataclass(frozen=True, slots=True, eq=False)
class Captioned:
    """A figure, the end of its file's name, and how to read it."""

    name: str
    drawing: Drawing
    words: str
