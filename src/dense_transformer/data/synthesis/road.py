"""Synthetic road scenes as a camera in a car sees them, with labels."""

from __future__ import annotations

import numpy as np

from dense_transformer.data.synthesis.cars import Car, car_shadow, paint_cars, park_cars
from dense_transformer.data.synthesis.facades import paint_houses
from dense_transformer.data.synthesis.fields import smooth_step
from dense_transformer.data.synthesis.ground import paint_ground
from dense_transformer.data.synthesis.houses import House, build_houses
from dense_transformer.data.synthesis.light import (
    add_haze,
    ground_shadow,
    paint_sky,
    take_picture,
)
from dense_transformer.data.synthesis.scene import Scene, check_size
from dense_transformer.data.synthesis.street import (
    SKY_LIGHT,
    SUN_LIGHT,
    Camera,
    Canvas,
    Rays,
    Street,
    cast_rays,
)
from dense_transformer.data.synthesis.trees import Board, paint_boards, stand_boards
from dense_transformer.types import Array

_FINER = 2  # rays along each side of a pixel


def road_scene(seed: int = 0, size: tuple[int, int] = (360, 480)) -> Scene:
    """Return a street as seen from a car.

    Parameters
    ----------
    seed : int
        The same seed gives the same scene.
    size : tuple of int
        Height and width in pixels.

    Returns
    -------
    Scene
        RGB; labels: 0 on the own bonnet, 1 other, 2 road.

    Raises
    ------
    DataError
        If the size isn't 32 to 4096 px.
    """
    check_size(size)
    rng = np.random.default_rng([seed, 2])
    street = _lay_street(rng)
    camera = _mount_camera(rng, street)
    fine = (size[0] * _FINER, size[1] * _FINER)
    rays = cast_rays(camera, street, fine)
    houses = build_houses(rng, street)
    boards = stand_boards(rng, street)
    cars = park_cars(rng, street)
    canvas = Canvas(fine)
    paint_sky(canvas, rng, rays, street)
    _paint_ground(canvas, rng, rays, street, (houses, boards, cars))
    paint_houses(canvas, rng, rays, street, houses)
    paint_cars(canvas, rays, street, cars)
    paint_boards(canvas, rays, boards)
    add_haze(canvas, rays)
    bonnet = _paint_bonnet(canvas, rng, street)
    pixels = take_picture(rng, _shrink(canvas.colour))
    labels = np.where(_shrink(canvas.road) > 0.5, 2, 1).astype(np.uint8)
    labels[_shrink(bonnet) > 0] = 0
    return Scene(pixels, labels)


def _paint_ground(
    canvas: Canvas,
    rng: np.random.Generator,
    rays: Rays,
    street: Street,
    standing: tuple[tuple[House, ...], tuple[Board, ...], tuple[Car, ...]],
) -> None:
    """Paint the ground in the shadow of what stands on it."""
    houses, boards, cars = standing
    t = rays.to_ground()
    seen = np.isfinite(t)
    part = rays.pick(seen)
    colour, road = paint_ground(rng, part, street, t[seen])
    across, _, ahead = part.at(t[seen])
    sun = ground_shadow(rng, street, houses, boards, across, ahead)
    light = SKY_LIGHT * (1 + 0.6 * (1 - street.sun_strength))
    light = light + (sun * street.sun_strength * street.sun[1])[:, None] * SUN_LIGHT
    light = light * car_shadow(street, cars, across, ahead)[:, None]
    canvas.put(seen, t[seen], colour * light)
    canvas.road[seen] = road


def _lay_street(rng: np.random.Generator) -> Street:
    """Return a street of any width, bend, greenery and weather."""
    green = float(rng.choice([0.0, 0.15, 0.85]))
    junction = None
    if rng.random() < 0.45:
        start = rng.uniform(12, 45)
        junction = (start, start + rng.uniform(6, 9), float(rng.choice([-1, 1])))
    turn, height = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(22, 52))
    flat = np.cos(height)
    return Street(
        half_width_m=rng.uniform(3.1, 5.0),
        pavement_m=(rng.uniform(1.6, 3.6), rng.uniform(1.6, 3.6)),
        verge_m=(0.2 + 5 * green * rng.random(), 0.2 + 5 * green * rng.random()),
        bend=float(rng.normal(0, 0.0035)),
        junction=junction,
        green=green,
        sun=(flat * np.sin(turn), np.sin(height), flat * np.cos(turn)),
        sun_strength=float(rng.choice([0.0, 0.35, 0.9, 1.0])),
    )


def _mount_camera(rng: np.random.Generator, street: Street) -> Camera:
    """Return a camera behind the windscreen, in the left lane."""
    return Camera(
        across_m=-0.42 * street.half_width_m + rng.normal(0, 0.25),
        up_m=rng.uniform(1.25, 1.6),
        focal=rng.uniform(0.85, 1.05),
        pitch=rng.normal(0.035, 0.025),
        yaw=rng.normal(0.02, 0.03),
        roll=rng.normal(0, 0.008),
    )


def _paint_bonnet(canvas: Canvas, rng: np.random.Generator, street: Street) -> Array:
    """Paint the own bonnet, which mirrors the sky; return where it is."""
    height, width = canvas.depth.shape
    y, x = np.indices((height, width), dtype=np.float64)
    x = (x / width - rng.uniform(0.45, 0.55)) * 2
    edge = height * (1 - rng.uniform(0.03, 0.075)) + height * 0.05 * x**2
    inside = y > edge
    deep = np.maximum(y - edge, 0) / height
    paint = np.array([0.03, 0.035, 0.04]) * rng.uniform(0.6, 2.5)
    shine = (
        0.30 * np.exp(-deep / 0.009) + 0.04 + 0.05 * smooth_step(-np.abs(x), -0.8, 0)
    )
    shine = shine * (0.6 + 0.4 * street.sun_strength)
    canvas.colour[inside] = (paint + shine[..., None] * np.array([0.8, 0.9, 1.0]))[
        inside
    ]
    return inside


def _shrink(fine: Array) -> Array:
    """Return means of the rays of each pixel."""
    high, wide = fine.shape[0] // _FINER, fine.shape[1] // _FINER
    blocks = fine.reshape(high, _FINER, wide, _FINER, *fine.shape[2:])
    return np.asarray(blocks.mean((1, 3)))
