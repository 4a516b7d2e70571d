"""A drawn picture and what is where."""

from __future__ import annotations

from dataclasses import dataclass

from dense_transformer.errors import DataError
from dense_transformer.types import Array

SMALLEST, LARGEST = 32, 4096  # px


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


def check_size(size: tuple[int, int]) -> None:
    """Raise DataError unless a scene of this height and width can be drawn."""
    if len(size) != 2 or not all(SMALLEST <= side <= LARGEST for side in size):
        raise DataError(
            f"a scene of {size} px can't be drawn; height and width must be "
            f"{SMALLEST} to {LARGEST}"
        )
