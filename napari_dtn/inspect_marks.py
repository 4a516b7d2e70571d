"""Marks drawn with lines: discs, squares and digits, as starts and ends in pixels.

Lines are redrawn faster than points, and need no second kind of layer. Pure.
"""

from __future__ import annotations

import numpy as np

SPOKES = 3  # lines of a disc, each as wide as a side of the hexagon that they make
WIDTH_OF_DISC = 1 / np.sqrt(3)  # width of its lines over its size
_SEGMENTS = {  # corners (y, x) of the strokes of a seven-segment display
    "a": ((0, 0), (0, 1)), "b": ((0, 1), (1, 1)), "c": ((1, 1), (2, 1)),
    "d": ((2, 0), (2, 1)), "e": ((1, 0), (2, 0)), "f": ((0, 0), (1, 0)),
    "g": ((1, 0), (1, 1)),
}  # fmt: skip
_DIGITS = (
    "abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg",
    "abcdfg",
)  # fmt: skip


def discs(px: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of the lines of discs at (n, 2), `SPOKES` for each."""
    angle = np.arange(SPOKES) * np.pi / SPOKES
    half = size / 2 * np.stack([np.sin(angle), np.cos(angle)], -1)
    return (px[:, None] - half).reshape(-1, 2), (px[:, None] + half).reshape(-1, 2)


def squares(px: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of the outlines of squares at (n, 2)."""
    corner = size / 2 * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    start, end = px[:, None] + corner, px[:, None] + np.roll(corner, -1, 0)
    return start.reshape(-1, 2), end.reshape(-1, 2)


def number(
    value: int, corner_px: np.ndarray, height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of the strokes of a number, its top left at (y, x)."""
    strokes = [
        np.add(_SEGMENTS[name], (0, 1.6 * place))
        for place, digit in enumerate(str(value))
        for name in _DIGITS[int(digit)]
    ]
    px = corner_px + np.array(strokes) * height / 2
    return px[:, 0], px[:, 1]
