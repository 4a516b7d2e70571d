"""The ground of a street scene: asphalt, markings, kerbs, pavement, grass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dense_transformer.data.synthesis.fields import SurfaceNoise, smooth_step
from dense_transformer.data.synthesis.street import Rays, Street
from dense_transformer.types import Array

Noise = Callable[[float, float], Array]


def paint_ground(
    rng: np.random.Generator, rays: Rays, street: Street, t: Array
) -> tuple[Array, Array]:
    """Return the ground's colour and where the road is.

    Parameters
    ----------
    rays : Rays
        One for each pixel that shows ground, shape (n,).
    t : ndarray, shape (n,)
        Where they meet the ground.

    Returns
    -------
    colour : ndarray, shape (n, 3)
        Albedo, linear RGB.
    road : ndarray, shape (n,), bool
    """
    across, _, ahead = rays.at(t)
    blur = ahead**2 / (rays.up_m * rays.focal_px)
    texture = SurfaceNoise(rng)

    def noise(side_m: float, along_m: float) -> Array:
        return texture.sample(across, ahead, (side_m, along_m), blur)

    half = street.half_width_m
    road = np.abs(across) < half
    if street.junction is not None:
        start, end, side = street.junction
        road |= (ahead > start) & (ahead < end) & (across * side > 0)
    colour = _pavement(across, ahead, half, noise, blur)
    for side, width in ((-1, street.pavement_m[0]), (1, street.pavement_m[1])):
        grass = (across * side > half + width)[:, None]
        green = (0.20 + 0.05 * noise(0.12, 0.2) + 0.04 * noise(1.7, 2.0)).clip(0.03)
        colour = np.where(grass, green[:, None] * np.array([0.95, 1.1, 0.45]), colour)
    asphalt = _asphalt(rng, across, ahead, half, noise)
    paint = _markings(rng, across, ahead, street)
    worn = smooth_step(noise(0.10, 0.25) + 0.7 * noise(0.5, 1.5), -1.9, 0.2)
    paint = paint * (0.25 + 0.75 * worn)[:, None]
    strength = paint.max(1, keepdims=True).clip(1e-3)
    asphalt += np.minimum(strength, 1) * (0.55 * paint / strength - asphalt)
    return np.where(road[:, None], asphalt, colour), road


def _asphalt(
    rng: np.random.Generator, across: Array, ahead: Array, half: float, noise: Noise
) -> Array:
    """Return worn asphalt, (n, 3): grain, patches, seams, cracks, wheel tracks."""
    shade = rng.uniform(0.11, 0.17)
    tone = (
        1
        + 0.07 * noise(0.015, 0.02)
        + 0.05 * noise(0.8, 3.0)
        + 0.05 * noise(0.25, 14.0)
    )
    patch = smooth_step(noise(3.1, 9.0), 1.35, 1.42)
    tone = tone - 0.17 * patch * rng.uniform(0.3, 1.2)
    crack = np.exp(-((noise(1.3, 1.7) / 0.03) ** 2))
    crack = crack * smooth_step(noise(2.1, 3.0), 0.9, 1.6)
    tone = tone - 0.22 * crack
    seam = np.abs(across - 0.12 - 0.05 * noise(1.1, 6.0))
    tone = tone - 0.15 * np.exp(-((seam / 0.025) ** 2))
    lane = np.abs(np.abs(across) - half * 0.45)
    tone = tone + 0.08 * np.exp(-(((lane - 0.72) / 0.28) ** 2))  # polished by wheels
    tone = tone - 0.10 * np.exp(-((lane / 0.35) ** 2))  # dripped oil
    gutter = smooth_step(np.abs(across), half - 0.7, half)
    tone = tone - 0.14 * gutter * (1 + 0.5 * noise(0.4, 1.1))
    return np.asarray((shade * tone.clip(0.2))[:, None] * np.array([1.0, 1.0, 1.04]))


def _pavement(
    across: Array, ahead: Array, half: float, noise: Noise, blur: Array
) -> Array:
    """Return kerb and slabs, (n, 3)."""
    beyond = np.abs(across) - half
    joint = np.minimum(np.abs((beyond - 0.14) % 0.6 - 0.3), np.abs(ahead % 0.9 - 0.45))
    gap = 0.35 * (joint < 0.012) / (1 + blur / 0.04)
    slab = 0.25 * (1 + 0.10 * noise(0.05, 0.07) + 0.13 * noise(0.75, 0.6) - gap)
    slab *= 1 + 0.06 * noise(2.5, 4.0)
    stone = 0.30 * (1 + 0.10 * noise(0.07, 0.9)) * (1 - 0.4 * (ahead % 0.91 < 0.02))
    slab = np.where(beyond < 0.14, stone, slab)
    slab = np.where(beyond < 0.035, 0.09, slab)  # the kerb's face
    return np.asarray(slab.clip(0.03)[:, None] * np.array([1.04, 1.0, 0.93]))


def _markings(
    rng: np.random.Generator, across: Array, ahead: Array, street: Street
) -> Array:
    """Return the colour of paint on the road, (n, 3); 0 where there is none."""
    half, start = street.half_width_m, rng.uniform(0, 6)
    period, dash = (9.0, 3.0) if rng.random() < 0.4 else (6.0, 2.2)
    white = (np.abs(across) < 0.055) & ((ahead + start) % period < dash)
    yellow = np.zeros(across.shape, bool)
    clear = np.ones(across.shape, bool)
    if street.junction is not None:
        first, last, side = street.junction
        clear = ~((ahead > first) & (ahead < last) & (across * side > 0))
        mouth = np.abs(across * side - half - 0.1) < 0.07
        white |= mouth & ~clear & (ahead % 1.1 < 0.6)
    kerb = rng.random()
    if kerb < 0.6:
        for inset in (0.22, 0.40):
            yellow |= (np.abs(np.abs(across) - (half - inset)) < 0.04) & clear
    elif kerb < 0.85:
        white |= (np.abs(np.abs(across) - (half - 0.35)) < 0.05) & clear
    if rng.random() < 0.4:  # a crossing
        at = rng.uniform(14, 34)
        bar = (ahead > at) & (ahead < at + 2.8) & (across % 1.2 < 0.6)
        white |= bar & (np.abs(across) < half)
    paint = white[:, None] * np.ones(3)
    return np.where(yellow[:, None], np.array([1.0, 0.72, 0.20]), paint)
