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
    x = _crossings(outline, rows)  # (rows, 2 * RUNS)
    there = np.isfinite(x[:, 1::2])
    ends = np.full((2, ROWS, RUNS, 2), outline[0], float)
    for side in (0, 1):
        ends[side, :count, :, 0][there] = np.broadcast_to(rows[:, None], there.shape)[
            there
        ]
        ends[side, :count, :, 1][there] = x[:, side::2][there]
    return ends[0].reshape(-1, 2), ends[1].reshape(-1, 2)


def _crossings(outline: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return where rows cross a polygon, ascending; infinite where they don't.

    Of more than 2 * RUNS crossings the last one takes the place of those between.
    """
    begin, end, row = outline, np.roll(outline, -1, 0), rows[:, None]
    cut = (begin[:, 0] <= row) != (end[:, 0] <= row)
    rise = np.where(cut, end[:, 0] - begin[:, 0], 1.0)
    share = (row - begin[:, 0]) / rise
    at = begin[:, 1] + share * (end[:, 1] - begin[:, 1])
    x = np.sort(np.where(cut, at, np.inf), 1)
    last = np.where(cut, at, -np.inf).max(1)
    found = np.full((len(rows), 2 * RUNS), np.inf)
    kept = min(2 * RUNS, x.shape[1])
    found[:, :kept] = x[:, :kept]
    many = cut.sum(1) > 2 * RUNS
    found[many, -1] = last[many]
    return found
