"""Areas filled with lines as wide as they are apart. Pure.

A layer of lines is redrawn in 3 ms, and the outline is one already; a layer of
surfaces or shapes beside it would take four times as long.
"""

from __future__ import annotations

import numpy as np

ROWS = 40  # lines to fill an area; more than its height is wide take wider steps
RUNS = 2  # pieces of a line, where the area is hollow


def filling(outline: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of ROWS * RUNS horizontal lines within a polygon.

    Those that are not needed have no length, so that there are always as many.

    Parameters
    ----------
    outline : ndarray, shape (n, 2)
        Corners (y, x) of the polygon, not closed by a repeated one.
    width : float
        Of the lines, in the units of the corners.
    """
    low, high = float(outline[:, 0].min()), float(outline[:, 0].max())
    count = int(np.clip(np.ceil((high - low) / width), 1, ROWS))
    rows = low + (np.arange(count) + 0.5) * (high - low) / count
    starts = np.full((ROWS, RUNS, 2), outline[0], float)
    ends = starts.copy()
    begin, end = outline, np.roll(outline, -1, 0)
    for index, row in enumerate(rows):
        cut = (begin[:, 0] <= row) != (end[:, 0] <= row)
        rise = end[cut, 0] - begin[cut, 0]
        share = (row - begin[cut, 0]) / rise
        x = np.sort(begin[cut, 1] + share * (end[cut, 1] - begin[cut, 1]))
        if len(x) > 2 * RUNS:  # the last one spans what is beyond
            x = np.concatenate([x[: 2 * RUNS - 1], x[-1:]])
        for run in range(len(x) // 2):
            starts[index, run] = row, x[2 * run]
            ends[index, run] = row, x[2 * run + 1]
    return starts.reshape(-1, 2), ends.reshape(-1, 2)
