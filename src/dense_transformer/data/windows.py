"""Windows of images at any place, continued by reflection beyond the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.data.deformation import (
    KERNEL_MARGIN_PX,
    Deformation,
    sample_labels,
    sample_pixels,
)

if TYPE_CHECKING:
    from dense_transformer.types import Array

Size = tuple[int, int]  # height, width; px
Origin = tuple[int, int]  # (y, x) of a patch's zero offset in the image, px


def read_pixels(
    image: Array, origin: Origin, patch: Size, deformation: Deformation | None
) -> Array:
    """Return pixels (c, h, w) of a patch of an image (c, h_in, w_in).

    The image continues as its own mirror image (the edge pixel isn't doubled).
    """
    if deformation is None:
        return _cut(image, origin, patch)
    return sample_pixels(_cut(image, *_source_box(origin, deformation)), deformation)


def read_labels(
    labels: Array, origin: Origin, patch: Size, deformation: Deformation | None
) -> Array:
    """Return labels (h, w) of a patch; 0, ignored, beyond the image."""
    if deformation is None:
        return _cut(labels, origin, patch, outside=0)
    box = _source_box(origin, deformation)
    return sample_labels(_cut(labels, *box, outside=0), deformation)


def free_origins(
    size: Size, patch: Size, deformation: Deformation | None
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first and last origin, rows then columns, that stay inside.

    Where an image is too small for that, the same bounds swap: between them the
    part that sticks out is as small as can be.
    """
    low = (0, 0) if deformation is None else deformation.low_px
    high = (patch[0] - 1, patch[1] - 1) if deformation is None else deformation.high_px
    rows, columns = (sorted((-low[i], size[i] - 1 - high[i])) for i in (0, 1))
    return (rows[0], rows[1]), (columns[0], columns[1])


def _source_box(origin: Origin, deformation: Deformation) -> tuple[Origin, Size]:
    """Return corner and size of what a deformed patch reads, margin included."""
    low, high, margin = deformation.low_px, deformation.high_px, KERNEL_MARGIN_PX
    corner = origin[0] + low[0] - margin, origin[1] + low[1] - margin
    height, width = (high[i] - low[i] + 1 + 2 * margin for i in (0, 1))
    return corner, (height, width)


def _cut(image: Array, corner: Origin, size: Size, outside: int | None = None) -> Array:
    """Return a copy (..., h, w); beyond the edges reflected, or `outside`."""
    length = image.shape[-2:]
    top, left = corner
    bottom, right = top + size[0], left + size[1]
    if top >= 0 and left >= 0 and bottom <= length[0] and right <= length[1]:
        return image[..., top:bottom, left:right].copy()
    index = np.arange(top, bottom), np.arange(left, right)
    rows, columns = (_reflect(index[i], length[i]) for i in (0, 1))
    window = image[..., rows[:, None], columns]
    if outside is not None:
        window[..., rows != index[0], :] = outside
        window[..., columns != index[1]] = outside
    return window


def _reflect(index: Array, length: int) -> Array:
    """Return indices within [0, length), mirrored at the first and last pixel."""
    if length == 1:
        return np.zeros_like(index)
    period = 2 * (length - 1)
    folded = np.mod(index, period)
    return np.asarray(np.minimum(folded, period - folded))
