"""Sky, shadows on the ground, haze, and the camera that takes the picture."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from dense_transformer.data.synthesis.fields import (
    SurfaceNoise,
    layered_noise,
    smooth_noise,
    smooth_step,
)
from dense_transformer.data.synthesis.houses import House
from dense_transformer.data.synthesis.street import Canvas, Rays, Street
from dense_transformer.data.synthesis.trees import Board
from dense_transformer.types import Array

HAZE = np.array([0.72, 0.78, 0.84])


def paint_sky(
    canvas: Canvas, rng: np.random.Generator, rays: Rays, street: Street
) -> None:
    """Paint clouds, the far skyline and nothing else on the whole canvas."""
    height, width = canvas.depth.shape
    steep = rays.rise / rays.ahead
    clear = np.array([0.34, 0.55, 0.86]) * street.sun_strength
    clear = clear + (1 - street.sun_strength) * np.array([0.80, 0.83, 0.86])
    share = np.exp(-np.maximum(steep, 0) / 0.22)[..., None]
    sky = clear + share * (np.array([0.88, 0.92, 0.95]) - clear)
    # Clouds lie on a plane: they grow flatter and smaller towards the horizon.
    over = 1.0 / np.maximum(steep, 0.03)
    texture = SurfaceNoise(rng)
    u, v = rays.side / rays.ahead * over, over
    cloud = sum(
        gain * texture.sample(u, v, (lump, lump), 0.1 * over)
        for gain, lump in ((1.0, 6.0), (0.6, 2.7), (0.4, 1.3), (0.2, 0.6))
    )
    cover = smooth_step(np.asarray(cloud), -0.2 - street.sun_strength * 0.2, 1.6)
    shade = 0.93 - 0.10 * smooth_step(np.asarray(cloud), 0.8, 2.5)
    sky += (
        0.8
        * (cover * smooth_step(steep, 0.0, 0.1))[..., None]
        * (shade[..., None] - sky)
    )
    line = layered_noise(rng, (1, width), width / 12, 6, 0.6)[0]
    skyline = 0.020 + 0.016 * line.clip(-1.2, 2.5)
    far = smooth_step(skyline[None, :] - steep, -0.0015, 0.0015)[..., None]
    grain = 1 + 0.10 * smooth_noise(rng, (height, width), 2.0)[..., None]
    canvas.colour[:] = sky + far * (np.array([0.27, 0.30, 0.32]) * grain - sky)


def ground_shadow(
    rng: np.random.Generator,
    street: Street,
    houses: tuple[House, ...],
    boards: tuple[Board, ...],
    across: Array,
    ahead: Array,
) -> Array:
    """Return the share of sunlight that houses and trees leave on the ground."""
    sun = street.sun
    side = 1 if sun[0] > 0 else -1
    step = 0.25
    heights, front = np.zeros(1200), 12.0
    for house in houses:
        if house.side == side:
            first, last = (int((v + 40) / step) for v in (house.start_m, house.end_m))
            heights[first:last] = house.height_m
            front = min(front, house.front_m)
    way = np.maximum(front - across * side, 0) / abs(sun[0])
    index = ((ahead + way * sun[2] + 40) / step).astype(int).clip(0, 1199)
    roof = ndimage.gaussian_filter1d(heights, 1.0)[index]
    light = smooth_step(way * sun[1] - roof, -0.12, 0.12)
    texture = SurfaceNoise(rng)
    for board in boards:
        if board.height_m < 5 or board.colour.shape[0] != board.colour.shape[1]:
            continue
        top = 0.62 * board.height_m / sun[1]
        dx = across - (board.across_m - sun[0] * top)
        dz = ahead - (board.ahead_m - sun[2] * top)
        near = np.hypot(dx, dz) < 5
        if not near.any():
            continue
        crown = 1 - np.hypot(dx[near], dz[near]) / (0.36 * board.height_m)
        leaf = texture.sample(across[near], ahead[near], (0.5, 0.6), 0.05)
        leaf = leaf + texture.sample(across[near], ahead[near], (0.17, 0.2), 0.05)
        full = 2.2 * (board.cover.mean() - 0.18)  # bare trees cast little
        light[near] *= 1 - 0.8 * smooth_step(crown * 1.6 + 0.7 * leaf + full, 0.5, 1.2)
    return np.asarray(light)


def add_haze(canvas: Canvas, rays: Rays) -> None:
    """Let what is far fade into the air."""
    depth = np.where(np.isfinite(canvas.depth), canvas.depth, 0.0)
    share = (1 - np.exp(-depth * rays.ahead / 650.0))[..., None]
    canvas.colour += (share * (HAZE - canvas.colour)).astype(np.float32)


def take_picture(rng: np.random.Generator, light: Array) -> Array:
    """Return the picture, uint8 sRGB, of linear light (h, w, 3).

    Exposure by the middle of the picture, a soft shoulder, falling corners, a
    little glow and blur, and noise that is finer in brightness than in colour.
    """
    height, width = light.shape[:2]
    glow = ndimage.gaussian_filter(light.clip(0, 1.5), (width / 40, width / 40, 0))
    light = light + 0.04 * (glow - light)
    y, x = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    light = light * (1 - rng.uniform(0.10, 0.2) * (x**2 + y**2))[..., None]
    lower = light[height // 3 :].mean()
    light = light * (rng.uniform(0.19, 0.26) / max(float(lower), 1e-3)) ** 0.8
    light = light * (1 + 0.03 * rng.standard_normal(3))
    light = ndimage.gaussian_filter(light, (0.45, 0.45, 0))
    tone = np.where(light < 0.6, light, 0.6 + 0.42 * np.tanh((light - 0.6) / 0.42))
    tone = tone.clip(0, 1) ** (1 / 2.2)
    tone = tone + 0.5 * (tone * tone * (3 - 2 * tone) - tone)  # contrast
    gray = tone.mean(-1, keepdims=True)
    tone = gray + rng.uniform(0.72, 0.95) * (tone - gray)
    tone = (tone - 0.03) * 1.04  # blacks as a cheap camera crushes them
    size = (height, width)
    noise = 0.0034 * smooth_noise(rng, size, 0.6)[..., None]
    noise = noise + 0.0015 * np.stack(
        [smooth_noise(rng, size, 2.0) for _ in range(3)], -1
    )
    return np.asarray(np.round((tone + noise).clip(0, 1) * 255).astype(np.uint8))
