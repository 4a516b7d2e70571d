"""Area, middle, length and direction of a polygon."""

from __future__ import annotations

import numpy as np

from dense_transformer.types import Array

_ROUND = 1.0 + 1e-6  # elongation below which a polygon has no direction


class Moments:
    """Area, centroid and second moments of a polygon (n, 2), by Green's theorem."""

    def __init__(self, outline: Array) -> None:
        origin = outline.mean(0)  # moments far from the origin cancel badly
        y, x = (outline - origin).T
        following = np.concatenate([outline[1:], outline[:1]]) - origin
        y2, x2 = following.T
        cross = x * y2 - x2 * y
        self.area = float(cross.sum() / 2.0)
        safe = self.area or float("nan")
        centre = np.array([((y + y2) * cross).sum(), ((x + x2) * cross).sum()])
        local = centre / (6.0 * safe)
        yy = ((y * y + y * y2 + y2 * y2) * cross).sum() / (12.0 * safe)
        xx = ((x * x + x * x2 + x2 * x2) * cross).sum() / (12.0 * safe)
        mixed = (x * y2 + 2 * x * y + 2 * x2 * y2 + x2 * y) * cross
        yx = mixed.sum() / (24.0 * safe)
        self.centre = origin + local if self.area else origin
        self._yy, self._xx = yy - local[0] ** 2, xx - local[1] ** 2
        self._yx = yx - local[0] * local[1]

    def shape(self) -> tuple[float, float]:
        """Return elongation and orientation in degrees; NaN where there is none."""
        mean, half = (self._yy + self._xx) / 2.0, (self._xx - self._yy) / 2.0
        apart = float(np.hypot(half, self._yx))
        if not mean - apart > 0:
            return float("nan"), float("nan")
        elongation = float(np.sqrt((mean + apart) / (mean - apart)))
        if elongation < _ROUND:
            return elongation, float("nan")
        # y runs down on screen, so the angle turns the other way round
        angle = -0.5 * np.degrees(np.arctan2(self._yx, half))
        return elongation, float(angle if angle > -90.0 else 90.0)
