"""From a Labels layer to labels as the core takes them. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_dtn.sources import Source


def section_of(data: Any, source: Source) -> np.ndarray:
    """Return the plane of a Labels layer that belongs to a section of an image.

    Raises
    ------
    ValueError
        If it has none of the image's size.
    """
    index = (*source.lead, *((source.section,) if source.frame.ndim > 2 else ()))
    index = index[len(index) - (data.ndim - 2) :] if data.ndim > 2 else ()
    fits = data.ndim - 2 == len(index) and data.shape[-2:] == source.image.size
    if not fits or any(i >= n for i, n in zip(index, data.shape, strict=False)):
        raise ValueError(
            f"labels of shape {data.shape} for an image of {source.image.size}, "
            f"section {source.section}; choose labels of this image"
        )
    return np.array(data[index])


def to_classes(values: np.ndarray, classes: int) -> np.ndarray:
    """Return labels as the core takes them: 0 unknown, class index + 1; uint8.

    For the worker. See `LabelBox` for what is taken as what.
    """
    from dense_transformer.data.boundaries import boundary_labels

    most = int(values.max(initial=0))
    if values.dtype.kind == "b" or (most == 1 and classes == 2):
        return values.astype(np.uint8) + np.uint8(1)
    if most > classes:
        return np.asarray(boundary_labels(values, 1))
    return values.astype(np.uint8)
