"""Neurites: curved cells of very different size that continue through the depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from dense_transformer.data.synthesis.fields import smooth_noise
from dense_transformer.types import Array

_MARGIN_PX = 90.0  # neurites beyond the picture that bend into it
_NEIGHBOURS = 10  # seeds that can win a pixel or bound it


@dataclass(frozen=True, slots=True, eq=False)
class Neurites:
    """Balls that share the space out; those with one owner make one neurite.

    Attributes
    ----------
    centre_px : ndarray, shape (n, 2), float32
        (y, x) in the straight (unwarped) frame, at the middle of the stack.
    radius_px : ndarray, shape (n,), float32
        How much room a ball takes.
    owner : ndarray, shape (n,), int32
        Which neurite a ball belongs to, counted from 0.
    tilt_px : ndarray, shape (n, 2), float32
        How far a ball moves from one section to the next.
    """

    centre_px: Array
    radius_px: Array
    owner: Array
    tilt_px: Array

    @property
    def count(self) -> int:
        """Number of neurites."""
        return int(self.owner.max()) + 1


def grow_neurites(rng: np.random.Generator, size: tuple[int, int]) -> Neurites:
    """Return neurites that fill a picture of `size` and the margin round it."""
    span = np.array(size, np.float32) + 2 * _MARGIN_PX
    crowd = smooth_noise(rng, (int(span[0]), int(span[1])), 70.0)
    tries = int(span[0] * span[1] / 22.0)
    place = rng.random((tries, 2), dtype=np.float32) * (span - 1)
    iy, ix = place.astype(int).T
    # Small neurites run in bundles: the size follows a smooth field.
    wish = np.exp(0.62 * rng.standard_normal(tries) + 0.7 * crowd[iy, ix] + 2.7)
    radius = np.clip(wish, 8.5, 72.0).astype(np.float32)
    order = np.argsort(-radius, kind="stable")
    kept = _pack(place[order], radius[order])
    centre, radius = place[order][kept] - _MARGIN_PX, radius[order][kept]
    owner = _join(rng, centre, radius)
    # Most run nearly across the section; a few slope and are cut obliquely.
    slope = rng.standard_t(2.5, (owner.max() + 1, 2)).astype(np.float32)
    tilt = 3.0 * np.clip(slope, -5, 5)[owner]
    tilt += rng.standard_normal(centre.shape).astype(np.float32)
    return Neurites(centre, radius, owner, tilt)


def _pack(place: Array, radius: Array) -> Array:
    """Return which discs, offered in this order, find room among the earlier ones."""
    kept = np.zeros(len(place), bool)
    centres = np.empty_like(place)
    radii = np.empty_like(radius)
    count = 0
    for index, (point, room) in enumerate(zip(place, radius, strict=True)):
        gap = np.hypot(*(centres[:count] - point).T)
        if np.all(gap > 0.86 * (radii[:count] + room)):
            kept[index] = True
            centres[count], radii[count] = point, room
            count += 1
    return kept


def _join(rng: np.random.Generator, centre: Array, radius: Array) -> Array:
    """Return the neurite of each ball: some join a neighbour to a winding shape."""
    owner = np.arange(len(centre))
    near = cKDTree(centre).query(centre, k=5)[1]
    willing = rng.random(len(centre)) < np.where(radius > 18, 0.6, 0.4)
    pick = near[np.arange(len(centre)), rng.integers(1, 5, len(centre))]
    for ball in np.flatnonzero(willing):
        if np.count_nonzero(owner == owner[pick[ball]]) < 5:
            owner[owner == owner[ball]] = owner[pick[ball]]
    return np.unique(owner, return_inverse=True)[1].astype(np.int32).reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What one section cuts.

    Attributes
    ----------
    where_px : ndarray, shape (h, w, 2), float32
        (y, x) in the straight frame of each pixel.
    owner, ball : ndarray, shape (h, w), int32
        The neurite and the ball that each pixel lies in.
    distance_px : ndarray, shape (h, w), float32
        To the nearest other neurite's border, at mid thickness.
    slices_px : tuple of ndarray
        The same at several depths within the section's thickness.
    """

    where_px: Array
    owner: Array
    ball: Array
    distance_px: Array
    slices_px: tuple[Array, ...]


def cut_neurites(
    neurites: Neurites, where_px: Array, depth: float, slices: int = 4
) -> Cut:
    """Return what the section at `depth` (in sections from the middle) cuts.

    Notes
    -----
    A power diagram: a pixel goes to the ball of least |u - c|^2 - r^2. Lifted
    by one dimension that is a nearest-neighbour search. The distance to the
    border with another neurite's ball is the difference of the two powers over
    twice the distance of their centres; a soft minimum over the neighbours
    rounds the corners.
    """
    height, width = where_px.shape[:2]
    points = where_px.reshape(-1, 2)
    radius = neurites.radius_px
    centre = neurites.centre_px + depth * neurites.tilt_px
    lift = np.sqrt(radius.max() ** 2 - radius**2 + 1e-3)
    tree = cKDTree(np.column_stack([centre, lift]))
    count = min(_NEIGHBOURS, len(radius))
    query = np.column_stack([points, np.zeros(len(points), np.float32)])
    near = tree.query(query, k=count)[1].reshape(len(points), count)
    half = (np.arange(slices) + 0.5) / slices - 0.5
    layers = [
        _distance(neurites, points, near, depth + shift)[0].reshape(height, width)
        for shift in half
    ]
    distance, ball = _distance(neurites, points, near, depth)
    ball = ball.reshape(height, width)
    return Cut(
        where_px,
        neurites.owner[ball],
        ball,
        distance.reshape(height, width),
        tuple(layers),
    )


def _distance(
    neurites: Neurites, points: Array, near: Array, depth: float
) -> tuple[Array, Array]:
    """Return distance to the border and winning ball, given candidates `near`."""
    centre = neurites.centre_px + np.float32(depth) * neurites.tilt_px
    at = centre[near]  # (p, k, 2)
    power = (points[:, None, 0] - at[..., 0]) ** 2 + (
        points[:, None, 1] - at[..., 1]
    ) ** 2
    power -= neurites.radius_px[near] ** 2
    first = power.argmin(1)
    rows = np.arange(len(points))
    ball = near[rows, first]
    apart = np.sqrt(((at - centre[ball][:, None]) ** 2).sum(-1)) + 1e-3
    gap = (power - power[rows, first][:, None]) / (2 * apart)
    gap[neurites.owner[near] == neurites.owner[ball][:, None]] = 1e3
    soft = np.float32(2.2)
    least = gap.min(1)
    crowd = np.exp(-(gap - least[:, None]) / soft).sum(1)
    return np.maximum(least - soft * np.log(crowd), 0.0).astype(np.float32), ball
