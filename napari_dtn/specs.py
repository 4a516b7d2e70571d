"""A description of a napari layer, and how results get a layer's axes.

Pure: makes arrays and plain values, touches no viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_dtn.looks import LOOKS
from napari_dtn.sources import Source


@dataclass(frozen=True, slots=True, eq=False)
class LayerSpec:
    """A layer to be added, or to replace the data of the one added before.

    Attributes
    ----------
    kind : str
        Class of the layer: ``"image"``, ``"labels"``, ``"points"``, ``"vectors"``.
    role : str
        What it shows, such as ``"coverage 4"``; one layer per role and source.
    name : str
        For the layer list.
    data : ndarray
        Pixels, (n, ndim) positions, or (n, 2, ndim) starts and shifts.
    frame : dict
        Layer options that place it; set again at every update.
    look : dict
        Layer options of its first appearance; the person's changes stay.
    features : dict of str to ndarray
        One row per point or vector.
    tag : dict
        What else to remember with the layer, such as the model it comes from.
    """

    kind: str
    role: str
    name: str
    data: np.ndarray
    frame: dict[str, Any]
    look: dict[str, Any]
    features: dict[str, np.ndarray] = field(default_factory=dict)
    tag: dict[str, Any] = field(default_factory=dict)


def make_spec(
    kind: str,
    role: str,
    source: Source,
    data: np.ndarray,
    place: dict[str, Any],
    features: dict[str, np.ndarray] | None = None,
    **look: Any,
) -> LayerSpec:
    """Return a layer that looks as results of its role do."""
    stem = role.partition(" level")[0]
    look = {**LOOKS[stem], **look}
    return LayerSpec(kind, role, role, data, place, look, features or {})


def lead_ones(source: Source) -> list[float]:
    """Return the pitch of the axes before (y, x): sections are never left out."""
    return [1.0] * (source.frame.ndim - 2)


def offset_px(
    source: Source, section: int, centre: Sequence[float] = (0, 0)
) -> list[float]:
    """Return the source pixel of the first result pixel on all axes of the layer."""
    stack = [section] if source.frame.ndim > 2 else []
    return [*map(float, source.lead), *map(float, stack), *map(float, centre)]


def together(planes: list[np.ndarray]) -> np.ndarray:
    """Return planes (h, w) as one array (planes, h, w); a single one uncopied."""
    return planes[0][None] if len(planes) == 1 else np.stack(planes)


def arranged(stack: np.ndarray, source: Source) -> np.ndarray:
    """Return a view of planes (sections, h, w) with every axis of the layer."""
    if source.frame.ndim == 2:
        return np.asarray(stack[0])
    return np.expand_dims(stack, tuple(range(len(source.lead))))


def in_section(px: np.ndarray, section: int, source: Source) -> np.ndarray:
    """Return positions (n, 2) with the indices of the leading axes before them."""
    lead = np.array(offset_px(source, section)[:-2])
    return np.concatenate([np.broadcast_to(lead, (len(px), len(lead))), px], 1)


def lift(shift: np.ndarray, source: Source) -> np.ndarray:
    """Return shifts (n, 2) with zeros on the leading axes."""
    return np.pad(shift, [(0, 0), (source.frame.ndim - 2, 0)])
