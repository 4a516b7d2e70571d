"""What fills a neurite: mitochondria, vesicles, microtubules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from dense_transformer.data.synthesis.fields import smooth_noise, smooth_step
from dense_transformer.data.synthesis.neurites import Cut, Neurites
from dense_transformer.types import Array

# Discs per pixel in pale neurites, among microtubules, among vesicles.
_PER_PX = np.array([0.0009, 0.0085, 0.0130])


@dataclass(frozen=True, slots=True, eq=False)
class Mitochondria:
    """Ellipsoids that ride in the balls of neurites.

    Attributes
    ----------
    ball : ndarray, shape (m,), int
        The ball that each one rides in.
    offset_px : ndarray, shape (m, 2)
        (y, x) from the ball's centre, straight frame.
    axes_px : ndarray, shape (m, 2)
        Half axes in the plane.
    angle : ndarray, shape (m,)
        Of the first half axis, radians.
    depth, reach : ndarray, shape (m,)
        Middle and half thickness, in sections.
    """

    ball: Array
    offset_px: Array
    axes_px: Array
    angle: Array
    depth: Array
    reach: Array


def place_mitochondria(rng: np.random.Generator, neurites: Neurites) -> Mitochondria:
    """Return mitochondria for about half of the balls that have room for one."""
    radius = neurites.radius_px
    ball = np.flatnonzero((radius > 19) & (rng.random(len(radius)) < 0.5))
    ball = np.concatenate(
        [ball, ball[(radius[ball] > 45) & (rng.random(len(ball)) < 0.6)]]
    )
    room = np.clip(radius[ball], 0, 62)
    long = room * rng.uniform(0.42, 0.74, len(ball))
    axes = np.column_stack([long, long * rng.uniform(0.55, 1.0, len(ball))])
    turn = rng.uniform(0, 2 * np.pi, len(ball))
    away = (radius[ball] - long - 6).clip(0) * np.sqrt(rng.random(len(ball))) * 0.8
    offset = away[:, None] * np.column_stack([np.sin(turn), np.cos(turn)])
    return Mitochondria(
        ball,
        offset,
        axes,
        rng.uniform(0, np.pi, len(ball)),
        rng.uniform(-6, 6, len(ball)),
        rng.uniform(3, 9, len(ball)),
    )


def paint_mitochondria(
    value: Array,
    rng: np.random.Generator,
    cut: Cut,
    neurites: Neurites,
    organelles: Mitochondria,
    depth: float,
) -> Array:
    """Paint dark bodies with a double membrane and cristae; return their cover.

    Parameters
    ----------
    value : ndarray, shape (h, w), float32
        Brightness so far; changed in place.
    depth : float
        Of the section, in sections from the middle.

    Returns
    -------
    ndarray, shape (h, w), float32
        1 within a mitochondrion, 0 outside.
    """
    size = value.shape
    bend, rough = smooth_noise(rng, size, 9.0), smooth_noise(rng, size, 1.1)
    cover = np.zeros(size, np.float32)
    for one in range(len(organelles.ball)):
        ball = organelles.ball[one]
        left = 1 - ((depth - organelles.depth[one]) / organelles.reach[one]) ** 2
        if left <= 0.12:
            continue
        centre = (
            neurites.centre_px[ball]
            + depth * neurites.tilt_px[ball]
            + organelles.offset_px[one]
        )
        axes = organelles.axes_px[one] * np.sqrt(left)
        window = _window(cut.where_px, centre, float(axes.max()) + 8)
        if window is None:
            continue
        part = cut.where_px[window] - centre
        room = smooth_step(cut.distance_px[window], 3.0, 7.0)
        room = room * (neurites.owner[ball] == cut.owner[window])
        turned = _turn(part, organelles.angle[one])
        shade, inset = _shade(rng, turned, axes, bend[window], rough[window])
        body = smooth_step(inset, -0.5, 1.5) * room
        value[window] += body * (shade - value[window])
        cover[window] = np.maximum(cover[window], body)
    return cover


def _turn(offset_px: Array, angle: float) -> tuple[Array, Array]:
    """Return offsets along and across a direction."""
    sine, cosine = np.sin(angle), np.cos(angle)
    along = offset_px[..., 0] * sine + offset_px[..., 1] * cosine
    return along, offset_px[..., 0] * cosine - offset_px[..., 1] * sine


def _shade(
    rng: np.random.Generator,
    turned: tuple[Array, Array],
    axes: Array,
    bend: Array,
    rough: Array,
) -> tuple[Array, Array]:
    """Return brightness within a mitochondrion, and px inwards from its outline."""
    along, across = turned
    ring = np.hypot(along / axes[0], across / axes[1])
    inset = (1 - ring) * axes.min() + 1.1 * bend
    pitch = rng.uniform(6.0, 9.0)  # of the cristae, px
    wave = np.sin((across + 2.2 * bend) * (2 * np.pi / pitch) + 0.15 * along)
    lamella = smooth_step(wave + 0.5 * rough, 0.0, 1.2)
    gap = smooth_step(-wave + 0.8 * bend + 0.3 * rough, 1.0, 2.0)
    shade = 0.33 + 0.08 * rng.random() + 0.075 * rough
    shade = shade - 0.14 * lamella + 0.30 * gap
    # Outer membrane, the pale gap behind it, inner membrane.
    for depth_px, width_px, gain in (
        (3.2, 1.0, 0.2),
        (1.2, 1.2, -0.2),
        (5.2, 1.1, -0.16),
    ):
        shade = shade + gain * np.exp(-(((inset - depth_px) / width_px) ** 2))
    return shade, inset


def _window(
    where_px: Array, centre: Array, reach_px: float
) -> tuple[slice, slice] | None:
    """Return the rows and columns that hold a disc of the straight frame."""
    near = (np.abs(where_px[::4, ::4] - centre) < reach_px + 4).all(-1)
    if not near.any():
        return None
    rows, columns = np.flatnonzero(near.any(1)) * 4, np.flatnonzero(near.any(0)) * 4
    return (
        slice(max(0, rows[0] - 4), rows[-1] + 8),
        slice(max(0, columns[0] - 4), columns[-1] + 8),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Discs:
    """Small round things in one section.

    Attributes
    ----------
    centre_px : ndarray, shape (n, 2)
        (y, x).
    radius_px, ring, core : ndarray, shape (n,)
        Size; darkness of the outline and of the middle (negative: bright).
    """

    centre_px: Array
    radius_px: Array
    ring: Array
    core: Array


def scatter_discs(rng: np.random.Generator, kind: Array) -> Discs:
    """Return vesicles and microtubules, none of them within another.

    Parameters
    ----------
    kind : ndarray, shape (h, w), int
        Of the neurite at each pixel; 0: pale, 1: full of microtubules, 2: full of
        vesicles.
    """
    most = _PER_PX.max()
    place = rng.random((rng.poisson(1.6 * most * kind.size), 2)) * kind.shape
    where = kind[tuple(place.astype(int).T)]
    luck = rng.random(len(place))
    crowd = smooth_step(smooth_noise(rng, kind.shape, 20.0), -1.2, 0.8)
    wish = _PER_PX[where] / most * crowd[tuple(place.astype(int).T)]
    place, where = place[luck < wish], where[luck < wish]
    near = cKDTree(place).query_pairs(7.5, output_type="ndarray")
    apart = np.ones(len(place), bool)
    apart[near[:, 1]] = where[near[:, 1]] == 1
    place, where = place[apart], where[apart]
    count, luck = len(place), rng.random(len(place))
    tube = where == 1
    dense = (luck < 0.025) & ~tube  # dense-core vesicles
    vacuole = (luck > 0.97) & ~tube
    radius = np.where(
        tube, rng.uniform(1.2, 2.3, count), rng.normal(3.9, 0.55, count).clip(2.6, 5.5)
    )
    radius = np.where(vacuole, rng.uniform(5, 10, count), radius)
    ring = np.where(tube, 0.26, 0.30) * rng.uniform(0.4, 1.2, count)
    core = np.where(tube, 0.1, rng.uniform(-0.05, 0.14, count))
    core = np.where(vacuole, -0.10, np.where(dense, 0.55, core))
    return Discs(place, radius, ring, core)


def paint_discs(
    value: Array, rng: np.random.Generator, discs: Discs, free: Array
) -> None:
    """Darken `value` in place where discs lie and `free` (0..1) has room."""
    if not len(discs.centre_px):
        return
    jitter = [0.55 * smooth_noise(rng, value.shape, 1.8) for _ in range(2)]
    pixels = (np.indices(value.shape) + jitter).reshape(2, -1).T
    reach = float(discs.radius_px.max()) + 3
    away, which = cKDTree(discs.centre_px).query(pixels, distance_upper_bound=reach)
    which = np.minimum(which, len(discs.centre_px) - 1)  # beyond reach: any
    away = np.where(np.isfinite(away), away, 99.0).astype(np.float32)
    rim = away - discs.radius_px[which]
    dark = discs.ring[which] * np.exp(-((rim / 1.1) ** 2))
    dark += discs.core[which] * smooth_step(-rim, -0.5, 1.5)
    # A disc that a membrane would cut isn't drawn at all.
    y, x = np.round(discs.centre_px).astype(int).T
    room = free[y.clip(0, free.shape[0] - 1), x.clip(0, free.shape[1] - 1)] > 0.9
    dark = (dark * room[which]).reshape(value.shape)
    dark = dark * (1 + 0.45 * smooth_noise(rng, value.shape, 1.5))
    value -= (dark * smooth_step(free, 0.0, 0.3)).astype(np.float32)
