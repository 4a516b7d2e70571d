"""Boundaries made from instances: where ids differ or are 0."""

from __future__ import annotations

import numpy as np

from dense_transformer.types import Array

INSIDE, BOUNDARY = 1, 2
#: Ids from here on mean "not annotated" in CREMI (the last of uint64).
_NO_ID = 2**64 - 16


def boundary_labels(ids: Array, half_width_px: int) -> Array:
    """Return 2 on boundaries between instances, 1 inside them, 0 where unknown.

    Parameters
    ----------
    ids : ndarray, shape (h, w), integer
        One number for each instance; 0 where there is none. The last 16
        numbers of uint64 mean that nobody looked.
    half_width_px : int
        Pixels on each side of the line between two instances; every pixel of
        id 0 is boundary, and beyond 1 everything widens by as much again.

    Returns
    -------
    ndarray, shape (h, w), uint8
    """
    unknown = ids >= np.uint64(_NO_ID) if ids.dtype == np.uint64 else ids < 0
    boundary = ids == 0
    known = ~unknown & ~boundary
    for axis in (0, 1):
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        touch = (ids[low] != ids[high]) & known[low] & known[high]
        boundary[low] |= touch
        boundary[high] |= touch
    if half_width_px > 1 and boundary.any():
        from scipy import ndimage  # slow to import, and rarely needed

        distance_px = ndimage.distance_transform_edt(~boundary)
        boundary = distance_px <= half_width_px - 1
    out = np.where(boundary, np.uint8(BOUNDARY), np.uint8(INSIDE))
    out[unknown] = 0
    return np.asarray(out)
