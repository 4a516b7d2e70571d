"""The borders of a mask as polygons."""

from __future__ import annotations

import numpy as np

from dense_transformer.types import Array

Step = tuple[int, int]
_TURNS = {(0, 1): 0, (1, 0): 1, (0, -1): 2, (-1, 0): 3}  # right, down, left, up


def trace_outlines(mask: Array) -> list[Array]:
    """Return the borders of a mask's parts, along the edges of its units.

    Parameters
    ----------
    mask : ndarray of bool, shape (h, w)

    Returns
    -------
    list of ndarray, shape (n, 2)
        Closed polygons without a repeated point, (y, x) in units, centres at
        integers: one unit at (0, 0) gives the corners at -0.5 and 0.5. The mask lies
        on the right hand: around a part clockwise on screen, around an island of
        False the other way. Units that only touch at a corner are separate parts.
    """
    steps_at = _edges(mask)
    outlines = []
    while steps_at:
        loop = _loop(steps_at)
        for corner, step in loop:
            steps_at[corner].discard(step)
            if not steps_at[corner]:
                del steps_at[corner]
        turns = zip(loop[-1:] + loop[:-1], loop, strict=True)
        corners = [corner for (_, came), (corner, step) in turns if step != came]
        outlines.append(np.array(corners, dtype=np.float64) - 0.5)
    return outlines


def _loop(steps_at: dict[Step, set[Step]]) -> list[tuple[Step, Step]]:
    """Return one closed walk: the corners, and the step from each of them."""
    corner = next(iter(steps_at))
    step = next(iter(steps_at[corner]))
    loop = [(corner, step)]
    while True:
        corner = corner[0] + step[0], corner[1] + step[1]
        step = _turn(steps_at[corner], step)
        if (corner, step) == loop[0]:
            return loop
        loop.append((corner, step))


def _edges(mask: Array) -> dict[Step, set[Step]]:
    """Return the steps along borders, mask on the right, by the corner they leave."""
    padded = np.pad(np.asarray(mask, dtype=bool), 1)
    inside = padded[1:-1, 1:-1]
    sides = (  # neighbour, corner of the unit that the step leaves, step
        (padded[:-2, 1:-1], (0, 0), (0, 1)),
        (padded[1:-1, 2:], (0, 1), (1, 0)),
        (padded[2:, 1:-1], (1, 1), (0, -1)),
        (padded[1:-1, :-2], (1, 0), (-1, 0)),
    )
    steps_at: dict[Step, set[Step]] = {}
    for neighbour, (down, right), step in sides:
        for y, x in np.argwhere(inside & ~neighbour).tolist():
            steps_at.setdefault((y + down, x + right), set()).add(step)
    return steps_at


def _turn(steps: set[Step], came: Step) -> Step:
    """Return the step to take: the sharpest to the right, which keeps parts apart."""
    at = _TURNS[came]
    return min(steps, key=lambda step: (at + 1 - _TURNS[step]) % 4)
