"""The bodies of cars: a side view pushed across, rounded, with wheels."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from dense_transformer.data.synthesis.fields import smooth_step
from dense_transformer.types import Array

HALF_WIDTH_M = 0.86
_STEP_M = 0.02  # of the tables of side views
_LOW = (-3.2, -0.6)  # (ahead, up) of their first entry, metres
_CELLS = (320, 170)

# Side views, (ahead, up) in metres, front at positive ahead, counter-clockwise.
_SALOON = (
    (-2.2, 0.30), (2.15, 0.30), (2.26, 0.50), (2.2, 0.72), (1.9, 0.84), (1.05, 0.96),
    (0.40, 1.38), (0.0, 1.45), (-0.7, 1.45), (-1.05, 1.38), (-1.6, 1.05), (-2.15, 1.0),
    (-2.26, 0.8), (-2.24, 0.45),
)  # fmt: skip
_HATCH = (
    (-1.9, 0.28), (1.88, 0.28), (1.98, 0.48), (1.92, 0.74), (1.6, 0.88), (1.0, 0.99),
    (0.35, 1.42), (0.0, 1.49), (-1.0, 1.49), (-1.35, 1.42), (-1.75, 1.02), (-1.92, 0.9),
    (-1.97, 0.6), (-1.95, 0.4),
)  # fmt: skip
_VAN = (
    (-2.35, 0.34), (2.3, 0.34), (2.42, 0.55), (2.34, 0.95), (1.85, 1.18), (1.25, 1.78),
    (0.95, 1.95), (-2.2, 1.99), (-2.36, 1.9), (-2.42, 1.1), (-2.42, 0.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The side view of a kind of car: a table of distances to its outline.

    Attributes
    ----------
    table_m : ndarray, shape (cells ahead, cells up)
        Signed distance, negative inside.
    height_m, half_length_m : float
        Of the outline.
    """

    table_m: Array
    height_m: float
    half_length_m: float

    def distance(self, z: Array, y: Array) -> Array:
        """Return metres to the outline from (ahead, up), negative inside."""
        place = [(z - _LOW[0]) / _STEP_M, (y - _LOW[1]) / _STEP_M]
        return np.asarray(
            ndimage.map_coordinates(self.table_m, place, order=1, mode="nearest")
        )


@functools.cache
def shapes() -> tuple[Shape, ...]:
    """Return the side views of a saloon, a small car and a van."""
    z, y = (
        low + _STEP_M * np.arange(count)
        for low, count in zip(_LOW, _CELLS, strict=True)
    )
    grid = np.meshgrid(z, y, indexing="ij")
    made = []
    for outline in (_SALOON, _HATCH, _VAN):
        points = np.array(outline)
        # Smoothing the distances rounds the corners as pressed steel is rounded.
        table = ndimage.gaussian_filter(_polygon(points, *grid), 0.07 / _STEP_M)
        ends = np.abs(points[:, 0]).max()
        made.append(Shape(table, float(points[:, 1].max()), float(ends)))
    return tuple(made)


def _polygon(shape: Array, z: Array, y: Array) -> Array:
    """Return the signed distance to a polygon, negative inside."""
    best = np.full(z.shape, np.inf)
    inside = np.zeros(z.shape, bool)
    for (z0, y0), (z1, y1) in zip(shape, np.roll(shape, -1, 0), strict=True):
        ez, ey, wz, wy = z1 - z0, y1 - y0, z - z0, y - y0
        share = np.clip((wz * ez + wy * ey) / (ez * ez + ey * ey), 0, 1)
        best = np.minimum(best, (wz - ez * share) ** 2 + (wy - ey * share) ** 2)
        if y0 != y1:
            crosses = ((y0 > y) != (y1 > y)) & (z < ez * wy / ey + z0)
            inside ^= crosses
    return np.asarray(np.where(inside, -1.0, 1.0) * np.sqrt(best))


def solid(shape: Shape, x: Array, y: Array, z: Array) -> Array:
    """Return about the distance to the car's surface, metres."""
    r, ends = 0.10, shape.half_length_m
    side = shape.distance(z, y) + r
    taper = 0.19 * smooth_step(y, 0.85, shape.height_m) + 0.05 * smooth_step(
        -y, -0.6, -0.2
    )
    nose = 0.16 * smooth_step(np.abs(z), 0.55 * ends, 1.02 * ends) ** 2
    flank = np.abs(x) - (HALF_WIDTH_M - taper - nose) + r
    outside = np.hypot(np.maximum(side, 0), np.maximum(flank, 0))
    body = outside + np.minimum(np.maximum(side, flank), 0) - r
    axle = np.hypot(np.abs(z) - 1.32, y - 0.31)
    arch = np.maximum(axle - 0.38, 0.55 - np.abs(x))
    body = np.maximum(body, -arch)
    wheel = np.maximum(axle - 0.31, np.abs(np.abs(x) - 0.74) - 0.10)
    return np.asarray(np.minimum(body, wheel))


def surface_normal(shape: Shape, x: Array, y: Array, z: Array) -> Array:
    """Return the surface's unit normal in the car's frame, (n, 3)."""
    step = 0.012
    here = [
        solid(shape, x + a, y + b, z + c) - solid(shape, x - a, y - b, z - c)
        for a, b, c in np.eye(3) * step
    ]
    normal = np.stack(here, -1)
    return np.asarray(normal / (np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9))


def material(
    shape: Shape, paint: Array, x: Array, y: Array, z: Array, normal: Array
) -> tuple[Array, Array]:
    """Return albedo (n, 3) and gloss (n,) at points of the surface."""
    albedo = np.tile(paint, (len(x), 1))
    gloss = np.full(len(x), 0.9)
    end_m = shape.half_length_m

    def put(where: Array, colour: object, shine: float) -> None:
        albedo[where], gloss[where] = colour, shine

    put(y < 0.44, 0.035, 0.1)
    flank = np.abs(normal[:, 0]) > 0.6
    seam = np.minimum(np.abs(z - 0.95), np.abs(z + 0.15)) < 0.014
    put(flank & seam & (y < 1.0), 0.01, 0.0)
    belt = 0.62 * shape.height_m + 0.06
    within = shape.distance(z, y) < -0.10
    pillar = np.minimum(np.abs(z + 0.2), np.abs(z + 1.12)) < 0.045
    side_glass = flank & (y > belt) & within & ~pillar
    end_glass = ~flank & (y > belt - 0.02) & (normal[:, 1] < 0.93)
    end_glass &= (np.abs(x) < HALF_WIDTH_M - 0.27) & (y < shape.height_m - 0.07)
    put(side_glass | end_glass, np.array([0.012, 0.014, 0.015]), 0.45)
    ends = (np.abs(z) > end_m - 0.5) & (np.abs(normal[:, 2]) > 0.3)
    strip = (np.abs(z) > end_m - 0.7) & (np.abs(y - 0.52) < 0.025)
    put(strip, 0.02, 0.1)
    tall = 0.62 * shape.height_m
    corner = (np.abs(z) > end_m - 0.45) & (np.abs(x) > 0.56)
    put(
        corner & (z < 0) & (np.abs(y - tall + 0.06) < 0.10),
        np.array([0.17, 0.01, 0.01]),
        1.0,
    )
    front = ends & (z > 0) & (np.abs(x) > 0.48) & (np.abs(y - 0.70) < 0.075)
    put(front, np.array([0.42, 0.43, 0.43]), 1.0)
    put(ends & (z > 0) & (np.abs(x) < 0.42) & (np.abs(y - 0.70) < 0.06), 0.015, 0.3)
    plate = ends & (np.abs(x) < 0.26) & (np.abs(y - 0.56) < 0.055)
    put(plate & (z < 0), np.array([0.62, 0.48, 0.05]), 0.2)
    put(plate & (z > 0), 0.6, 0.2)
    axle = np.hypot(np.abs(z) - 1.32, y - 0.31)
    wheel = (axle < 0.345) & (np.abs(x) > 0.56)
    put(wheel, 0.02, 0.05)
    spoke = np.cos(5 * np.arctan2(y - 0.31, np.abs(z) - 1.32)) > -0.3
    put(wheel & (axle < 0.21) & spoke & (np.abs(x) > 0.7), 0.32, 0.5)
    return albedo, gloss
