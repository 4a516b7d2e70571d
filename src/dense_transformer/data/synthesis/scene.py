"""A drawn picture and what is where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dense_transformer.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A drawn picture or stack and what is where.

    Attributes
    ----------
    pixels : ndarray, uint8
        Shape (sections, h, w) for EM, (h, w, 3) RGB for a road.
    labels : ndarray, uint8
        Shape of the picture without colour: 0 ignore, class index + 1.
    """

    pixels: Array
    labels: Array

    def __post_init__(self) -> None:
        self.pixels.setflags(write=False)
        self.labels.setflags(write=False)
