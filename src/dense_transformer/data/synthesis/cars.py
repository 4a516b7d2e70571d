"""Cars, parked and driving, as solids that rays are marched to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.data.synthesis.car_bodies import (
    HALF_WIDTH_M,
    Shape,
    material,
    shapes,
    solid,
    surface_normal,
)
from dense_transformer.data.synthesis.fields import smooth_step
from dense_transformer.data.synthesis.street import Canvas, Rays, Street, lit
from dense_transformer.types import Array

_PAINTS = np.array(
    [[0.015, 0.015, 0.018], [0.26, 0.27, 0.28], [0.46, 0.46, 0.45], [0.02, 0.03, 0.07],
     [0.16, 0.018, 0.018], [0.08, 0.085, 0.09], [0.03, 0.05, 0.04], [0.13, 0.15, 0.18],
     [0.30, 0.31, 0.31], [0.05, 0.06, 0.09]]
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Car:
    """A car along the street.

    Attributes
    ----------
    across_m, ahead_m : float
        Its middle, street frame.
    oncoming : bool
        Whether its front is towards the camera.
    shape : Shape
        Its side view.
    paint : ndarray, shape (3,)
        Linear RGB.
    """

    across_m: float
    ahead_m: float
    oncoming: bool
    shape: Shape
    paint: Array

    @property
    def height_m(self) -> float:
        """Up to the roof."""
        return self.shape.height_m


def park_cars(rng: np.random.Generator, street: Street) -> tuple[Car, ...]:
    """Return parked and driving cars, none within another or the camera."""
    cars = []
    for side in (-1, 1):
        density, at = rng.choice([0.0, 0.25, 0.75]), rng.uniform(9, 14)
        while at < 120:
            junction = street.junction is not None and (
                street.junction[2] == side
                and street.junction[0] - 5 < at < street.junction[1] + 5
            )
            if rng.random() < density and not junction:
                across = side * (street.half_width_m - rng.uniform(0.95, 1.15))
                cars.append(_one(rng, across, at, side > 0))
            at += rng.uniform(5.3, 7.5)
    # We keep left, as on the real frames: those ahead drive away from us there.
    for lane, oncoming in ((-1, False), (1, True)):
        if rng.random() < 0.7:
            ahead = rng.uniform(13, 48)
            across = lane * street.half_width_m * 0.42 + rng.normal(0, 0.15)
            if all(
                abs(c.ahead_m - ahead) > 5 or abs(c.across_m - across) > 2 for c in cars
            ):
                cars.append(_one(rng, across, ahead, oncoming))
    return tuple(cars)


def _one(rng: np.random.Generator, across: float, ahead: float, oncoming: bool) -> Car:
    shape = shapes()[rng.choice(3, p=[0.42, 0.46, 0.12])]
    paint = _PAINTS[rng.integers(len(_PAINTS))]
    return Car(float(across), float(ahead), oncoming, shape, paint)


def paint_cars(
    canvas: Canvas, rays: Rays, street: Street, cars: tuple[Car, ...]
) -> None:
    """Paint all cars, hidden ones left out by depth."""
    for car in sorted(cars, key=lambda one: one.ahead_m):
        window = _window(rays, car)
        if window is None:
            continue
        depth = canvas.depth[window]
        part = rays.crop(window)
        # Every ray starts where it comes within reach of the car.
        t = np.maximum(car.ahead_m - 3.0, 0.5) / part.ahead
        going = np.flatnonzero(t < depth)
        t, limit, flat = t.ravel(), depth.ravel(), part.ravel()
        for _ in range(40):
            some = flat.pick(going)
            gap = solid(car.shape, *_local(car, some.at(t[going])))
            t[going] += 0.92 * gap
            keep = (np.abs(gap) > 0.004) & (t[going] < limit[going])
            going = going[keep & (some.ahead * t[going] < car.ahead_m + 3.2)]
        near = np.flatnonzero((t < limit) & (flat.ahead * t < car.ahead_m + 3.2))
        gap = solid(car.shape, *_local(car, flat.pick(near).at(t[near])))
        hit = near[np.abs(gap) < 0.03]
        if len(hit):
            full = np.zeros(depth.shape, bool)
            full.ravel()[hit] = True
            whole = np.zeros(canvas.depth.shape, bool)
            whole[window] = full
            canvas.put(whole, t[hit], _coat(car, street, flat.pick(hit), t[hit]))


def _window(rays: Rays, car: Car) -> tuple[slice, slice] | None:
    """Return the rows and columns that may show the car."""
    t = rays.to_ahead(max(car.ahead_m - 2.3, 1.0))
    across, up, _ = rays.at(t)
    reach = 2.2 + 3.0 / max(car.ahead_m, 1) * abs(car.across_m - rays.across_m)
    seen = (
        (np.abs(across - car.across_m) < reach) & (up < car.height_m + 1) & (up > -1.5)
    )
    if not seen.any():
        return None
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _local(car: Car, point: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """Return (x to its right, y up, z to its front) of a street point."""
    turn = -1.0 if car.oncoming else 1.0
    across, up, ahead = point
    return (across - car.across_m) * turn, up, (ahead - car.ahead_m) * turn


def _coat(car: Car, street: Street, rays: Rays, t: Array) -> Array:
    """Return the colour of the car where rays meet it, (n, 3)."""
    x, y, z = _local(car, rays.at(t))
    local = surface_normal(car.shape, x, y, z)
    turn = -1.0 if car.oncoming else 1.0
    normal = local * np.array([turn, 1.0, turn])
    albedo, gloss = material(car.shape, car.paint, x, y, z, local)
    view = np.stack([rays.side, rays.rise, rays.ahead], -1)
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    facing = (view * normal).sum(-1)
    bounce = view - 2 * facing[:, None] * normal
    fresnel = gloss * (0.10 + 0.7 * (1 - np.abs(facing)) ** 4)
    # What it mirrors: the street's dark sides below, the sky above.
    sky = 0.10 + 0.75 * smooth_step(bounce[:, 1], 0.05, 0.5)
    sun = np.maximum(bounce @ np.array(street.sun), 0) ** 120 * street.sun_strength
    shut = 0.35 + 0.65 * smooth_step(y, 0.1, 1.0)  # little light comes under it
    colour = albedo * lit(street, normal) * shut[:, None]
    return np.asarray(colour + (fresnel * sky + 2.0 * gloss * sun)[:, None])


def car_shadow(
    street: Street, cars: tuple[Car, ...], across: Array, ahead: Array
) -> Array:
    """Return how much light cars leave on the ground, 0..1.

    The sun's shadow is that of a box; under and around the car the sky is hidden.
    """
    light = np.ones(across.shape)
    sun = street.sun
    for car in cars:
        half_z = car.shape.half_length_m
        near = (np.abs(across - car.across_m) < 7) & (np.abs(ahead - car.ahead_m) < 9)
        if not near.any():
            continue
        dx, dz = across[near] - car.across_m, ahead[near] - car.ahead_m
        out = np.hypot(
            np.maximum(np.abs(dx) - HALF_WIDTH_M + 0.12, 0),
            np.maximum(np.abs(dz) - half_z + 0.12, 0),
        )
        hidden = 0.86 * np.exp(-((out / 0.32) ** 1.3))
        # A ray to the sun passes the box if its spans of entering overlap.
        with np.errstate(divide="ignore", invalid="ignore"):
            spans = [
                np.sort([(-h - d) / s, (h - d) / s], axis=0)
                for d, h, s in (
                    (dx, HALF_WIDTH_M - 0.08, sun[0]),
                    (dz, half_z - 0.25, sun[2]),
                )
            ]
        enter = np.maximum(np.maximum(spans[0][0], spans[1][0]), 0.25 / sun[1])
        leave = np.minimum(
            np.minimum(spans[0][1], spans[1][1]), 0.93 * car.height_m / sun[1]
        )
        shade = street.sun_strength * 0.62 * smooth_step(leave - enter, -0.05, 0.15)
        light[near] *= 1 - np.maximum(hidden, shade)
    return light
