"""What a person has painted on an image, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.teaching.sparse_labels import SparseLabels
from dense_transformer.types import Array, Box


@dataclass(frozen=True, slots=True, order=True)
class Patch:
    """A box of one section that is annotated as a whole; px, half open.

    Attributes
    ----------
    section : int
        0-based; 0 for a single image.
    top, left, bottom, right : int
        In pixels of the image.
    """

    section: int
    top: int
    left: int
    bottom: int
    right: int

    @property
    def box(self) -> Box:
        """Top, left, bottom, right."""
        return self.top, self.left, self.bottom, self.right

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.bottom - self.top, self.right - self.left


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """Everything that is annotated on one image or stack.

    Attributes
    ----------
    labels : SparseLabels, shape (z, y, x), uint8
        0 = not annotated, else class index + 1; indexed like an array. A single
        image has z = 1. An array is taken too, and made sparse.
    patches : tuple of Patch
        Boxes that are annotated as a whole.
    classes : tuple of str
        Names of the classes, the foreground last.
    """

    labels: SparseLabels
    patches: tuple[Patch, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if isinstance(self.labels, np.ndarray):
            object.__setattr__(self, "labels", SparseLabels.of(self.labels))

    @property
    def sections(self) -> tuple[int, ...]:
        """The sections on which something is annotated."""
        marked = {*self.labels.sections, *(p.section for p in self.patches)}
        return tuple(sorted(marked))

    def section(self, section: int) -> Array:
        """Return the labels (h, w) of one section."""
        return np.asarray(self.labels[section])

    def crop(self, section: int, box: Box) -> Array:
        """Return the labels in a box (top, left, bottom, right) of one section."""
        return self.labels.read(section, box)


@dataclass(frozen=True, slots=True)
class AnnotationCounts:
    """How much is annotated.

    Attributes
    ----------
    pixels : tuple of int
        Of each class.
    strokes : int
        Connected groups of strokes outside patches.
    patches : int
        Boxes that are annotated as a whole.
    sections : int
        Sections on which something is annotated.
    """

    pixels: tuple[int, ...]
    strokes: int
    patches: int
    sections: int

    @property
    def places(self) -> int:
        """Groups of strokes and patches together."""
        return self.strokes + self.patches


def count(annotations: Annotations) -> AnnotationCounts:
    """Return how many pixels, strokes, patches and sections are annotated."""
    from dense_transformer.teaching.places import find_places

    places = find_places(annotations)
    return AnnotationCounts(
        pixels=count_pixels(annotations.labels, len(annotations.classes)),
        strokes=sum(place.patch is None for place in places),
        patches=len(annotations.patches),
        sections=len(annotations.sections),
    )


def count_pixels(labels: SparseLabels, classes: int) -> tuple[int, ...]:
    """Return how many pixels each class has."""
    total = np.zeros(256, np.int64)
    for _, _, tile in labels.tiles():
        total += np.bincount(tile.ravel(), minlength=256)
    return tuple(int(n) for n in total[1 : classes + 1])
