"""Linear interpolation along one axis, as small sparse matrices.

One matrix per axis and tile serves the way in (source to network pixels) and
the way back, and depends on absolute positions only: what a pixel becomes does
not depend on the tile that it is read for, so there are no seams.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from dense_transformer.types import Array

Matrix = csr_array  # one axis: outputs by inputs, float32


def reach(centres: Array, width: float, length: int) -> tuple[int, int]:
    """Return the range of input units that outputs at `centres` can draw on.

    Parameters
    ----------
    centres : ndarray, shape (n,)
        Positions of the outputs, in input units (centres at integers).
    width : float
        Distance of neighbouring outputs, in input units.
    length : int
        Number of input units.
    """
    support = max(1.0, width)
    low = int(np.floor(float(np.min(centres)) - support))
    high = int(np.ceil(float(np.max(centres)) + support)) + 1
    return min(max(low, 0), length - 1), max(min(high, length), 1)


def weights(centres: Array, width: float, low: int, high: int) -> csr_array:
    """Return the matrix that interpolates input units low..high-1 at `centres`.

    A triangle as wide as the larger of both pitches: linear interpolation where
    the output is finer, and a low-pass filter where it is coarser. At the ends
    the weights that are left are scaled to sum to 1.

    Returns
    -------
    csr_array, shape (n, high - low), float32
    """
    support = max(1.0, width)
    taps = 2 * int(np.ceil(support)) + 1
    inside = np.clip(centres, low, high - 1)  # beyond the ends: the last unit
    first = np.floor(inside - support).astype(np.int64)
    units = first[:, None] + np.arange(taps)  # (n, taps)
    values = np.maximum(0.0, 1.0 - np.abs(units - inside[:, None]) / support)
    values[(units < low) | (units >= high)] = 0.0
    values /= values.sum(axis=1, keepdims=True)
    rows = np.broadcast_to(np.arange(len(inside))[:, None], units.shape)
    kept = values > 0.0
    matrix = csr_array(
        (values[kept].astype(np.float32), (rows[kept], units[kept] - low)),
        shape=(len(inside), high - low),
    )
    return matrix


def apply(along_y: csr_array | None, along_x: csr_array | None, maps: Array) -> Array:
    """Return maps (c, h, w) interpolated along both axes, (c, h', w') float32.

    An axis without a matrix stays as it is.
    """
    count, height, width = maps.shape
    if along_y is not None:
        side_by_side = maps.transpose(1, 0, 2).reshape(height, -1)
        maps = (along_y @ side_by_side).reshape(-1, count, width).transpose(1, 0, 2)
        height = maps.shape[1]
    if along_x is not None:
        side_by_side = maps.transpose(2, 0, 1).reshape(width, -1)
        maps = (along_x @ side_by_side).reshape(-1, count, height).transpose(1, 2, 0)
    return np.asarray(maps, np.float32)
