"""What a data set becomes: normalised images with their labels, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dense_transformer.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One image with its labels; both are taken over and made read-only.

    Attributes
    ----------
    name : str
        For messages and reports.
    pixels : ndarray, shape (c, h, w), float32
        Normalised to about [-1, 1], clipped to [-2, 2], finite.
    labels : ndarray, shape (h, w), uint8
        0 where the pixel is ignored, else class index + 1.
    """

    name: str
    pixels: Array
    labels: Array

    def __post_init__(self) -> None:
        for array in (self.pixels, self.labels):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """The pairs to train and to validate on, and what files they came from.

    Attributes
    ----------
    train, validation : tuple of Pair
        In the order of their names.
    hashes : tuple of (str, str)
        File and SHA-256 of everything that was read.
    """

    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    hashes: tuple[tuple[str, str], ...] = ()
