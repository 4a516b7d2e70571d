"""Knows images without a file again by their pixels, of which a project has a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.errors import DTNError
from dense_transformer.types import Image
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry, Project

ALL_PX = 1 << 24  # images up to this size are compared as a whole, larger ones
SECTIONS = 16  # by so many sections


def stored_entry(project: Project, source: Source) -> ImageEntry | None:
    """Return the entry whose stored pixels are those of a layer without a file."""
    for entry in project.images:
        if not (entry.stored and _fits(entry, source.image)):
            continue
        try:
            stored = project.open_image(entry.name, check=False)
        except DTNError:
            continue
        if same_pixels(stored, source.image):
            return entry
    return None


def same_pixels(one: Image, other: Image) -> bool:
    """Return whether two images of one size hold the same; what is no number is equal.

    Of large ones the first, the middle, the last and some more sections are compared.
    """
    from dense_transformer.data import read_section

    return all(
        _equal(read_section(one, section), read_section(other, section))
        for section in compared(one.sections, one.size[0] * one.size[1] * one.channels)
    )


def compared(sections: int, section_px: int) -> list[int]:
    """Return the sections that tell two images apart, the middle one first."""
    count = sections if sections * section_px <= ALL_PX else min(SECTIONS, sections)
    spread = np.linspace(0, sections - 1, count).round().astype(int).tolist()
    middle = sections // 2
    return [middle, *(section for section in spread if section != middle)]


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    floats = "f" in (one.dtype.kind, other.dtype.kind)
    return np.array_equal(one, other, equal_nan=floats)


def _fits(entry: ImageEntry, image: Image) -> bool:
    shape = (image.sections, *image.size)
    return tuple(entry.shape) == shape and entry.channels == image.channels
