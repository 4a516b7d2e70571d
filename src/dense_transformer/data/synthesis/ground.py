"""The ground of a street scene: asphalt, markings, kerbs, pavement, grass."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from dense_transformer.data.synthesis.fields import smooth_noise, smooth_step
from dense_transformer.data.synthesis.street import Rays, Street
from dense_transformer.types import Array

_TILE = 256  # side of a repeating noise tile


class GroundTexture:
    """Noise on the ground that fades where a pixel covers many of its lumps."""

    def __init__(self, rng: np.random.Generator) -> None:
        white = rng.standard_normal((3, _TILE, _TILE))
        smooth = [ndimage.gaussian_filter(one, 1.6, mode="wrap") for one in white]
        self._tiles = [one / one.std() for one in smooth]

    def sample(
        self, across_m: Array, ahead_m: Array, lump_m: tuple[float, float], blur_m: Array
    ) -> Array:
        """Return noise with lumps of (across, ahead) metres.

        `blur_m` is the length of a pixel on the ground along the view, in metres.
        """
        y, x = ahead_m / lump_m[1] * 4, across_m / lump_m[0] * 4
        tile = self._tiles[int(lump_m[0] * 1000) % 3]
        value = ndimage.map_coordinates(
            tile, [y % _TILE, x % _TILE], order=1, mode="grid-wrap"
        )
        return np.asarray(value / (1 + (blur_m / lump_m[1]) ** 2) ** 0.5)


def paint_ground(
    rng: np.random.Generator, rays: Rays, street: Street, t: Array
) -> tuple[Array, Array]:
    """Return colour (h, w, 3) and where the road is (h, w), for ground at `t`."""
    across, _, ahead = rays.at(np.where(np.isfinite(t), t, 1.0))
    blur = ahead**2 / (rays.up_m * rays.focal_px)
    texture = GroundTexture(rng)

    def noise(side_m: float, along_m: float) -> Array:
        return texture.sample(across, ahead, (side_m, along_m), blur)

    half = street.half_width_m
    road = np.abs(across) < half
    if street.junction is not None:
        start, end, side = street.junction
        road |= (ahead > start) & (ahead < end) & (across * side > 0)
    shade = 0.30 + 0.02 * rng.standard_normal()
    asphalt = shade + 0.03 * noise(0.06, 0.06) + 0.022 * noise(0.8, 3.0)
    asphalt += 0.02 * noise(0.25, 14.0) - 0.03 * smooth_step(noise(2.4, 2.9), 1.2, 1.5)
    lane = np.abs(across - np.sign(across) * half / 2)
    asphalt += 0.02 * np.exp(-(((lane - 0.75) / 0.3) ** 2))  # polished wheel tracks
    colour = asphalt[..., None] * np.array([0.99, 1.0, 1.03])
    paint = _markings(rng, across, ahead, street) * (0.75 + 0.2 * noise(0.1, 0.3)).clip(0.2, 1)
    colour += paint[..., None] * (np.array([0.78, 0.78, 0.76]) - colour)
    pavement = _pavement(across, ahead, half, noise, blur)
    colour = np.where(road[..., None], colour, pavement)
    for side, index in ((-1, 0), (1, 1)):
        edge = half + street.pavement_m[index]
        grass = (across * side > edge) & ~road
        green = 0.26 + 0.07 * noise(0.12, 0.2) + 0.04 * noise(1.7, 2.0)
        tone = np.stack([0.95 * green, 1.15 * green, 0.55 * green], -1)
        colour = np.where(grass[..., None], tone, colour)
    return colour, road & np.isfinite(t)


def _pavement(across: Array, ahead: Array, half: float, noise: object, blur: Array) -> Array:
    """Return kerb and slabs, (h, w, 3)."""
    beyond = np.abs(across) - half
    kerb = beyond < 0.14
    joint = np.minimum(np.abs((beyond - 0.14) % 0.75), np.abs(ahead % 0.6))
    gap = np.where(joint < 0.02, 0.10, 0.0) / (1 + blur / 0.05)
    slab = 0.46 + 0.03 * noise(0.05, 0.07) + 0.04 * noise(0.75, 0.6) - gap  # type: ignore[operator]
    slab = np.where(kerb, 0.52 + 0.05 * noise(0.07, 0.9), slab)  # type: ignore[operator]
    slab = np.where(beyond < 0.03, 0.2, slab)  # the gutter's shadow
    return np.asarray(slab[..., None] * np.array([1.03, 1.0, 0.95]))


def _markings(rng: np.random.Generator, across: Array, ahead: Array, street: Street) -> Array:
    """Return how much paint lies on the road, 0..1."""
    half, start = street.half_width_m, rng.uniform(0, 6)
    paint = (np.abs(across) < 0.06) & ((ahead + start) % 6.0 < 2.2)
    if rng.random() < 0.7:  # double lines along the kerb
        for inset in (0.25, 0.45):
            paint |= np.abs(np.abs(across) - (half - inset)) < 0.045
    return paint.astype(np.float64)
