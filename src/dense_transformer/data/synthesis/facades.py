"""What houses look like: fronts, gables, roofs; and hedges."""

from __future__ import annotations

import numpy as np

from dense_transformer.data.synthesis.fields import SurfaceNoise, smooth_step
from dense_transformer.data.synthesis.houses import House
from dense_transformer.data.synthesis.street import Canvas, Rays, Street, lit
from dense_transformer.types import Array

_SIGNS = np.array(
    [
        [0.05, 0.06, 0.07],
        [0.20, 0.03, 0.03],
        [0.03, 0.09, 0.06],
        [0.04, 0.06, 0.16],
        [0.32, 0.30, 0.26],
        [0.16, 0.11, 0.05],
    ]
)
_PITCH = 0.75  # metres up for a metre inward
_DEEP_M = 8.0
_SHARP = 350.0  # metres away at which detail of a metre is lost


def paint_houses(
    canvas: Canvas,
    rng: np.random.Generator,
    rays: Rays,
    street: Street,
    houses: tuple[House, ...],
) -> None:
    """Paint fronts, roofs and the end walls that the camera can see."""
    texture = SurfaceNoise(rng)
    fronts = {(h.side, h.front_m) for h in houses}
    hits = {key: rays.to_across(key[0] * key[1]) for key in sorted(fronts)}
    for house in houses:
        look = rng.uniform(0, 100)
        t = hits[house.side, house.front_m]
        seen, along, up = _within(canvas, rays, house, t)
        if seen.any():
            light = lit(street, (-house.side, 0.0, 0.0))
            colour = _front(texture, house, along, up, t[seen], look)
            canvas.put(seen, t[seen], colour * light)
        _paint_end(canvas, texture, rays, street, house)
        if not house.hedge:
            _paint_roof(canvas, texture, rays, street, house)


def _within(
    canvas: Canvas, rays: Rays, house: House, t: Array
) -> tuple[Array, Array, Array]:
    """Return where the front is seen, and metres along and up there."""
    with np.errstate(invalid="ignore"):
        ahead, up = rays.ahead * t, rays.up_m + rays.rise * t
        seen = (ahead > house.start_m) & (ahead < house.end_m) & (t < canvas.depth)
        seen &= (up > 0) & (up < house.height_m)
    return seen, ahead[seen] - house.start_m, up[seen]


def _paint_end(
    canvas: Canvas, texture: SurfaceNoise, rays: Rays, street: Street, house: House
) -> None:
    """Paint the wall that closes the house towards the camera, gable included."""
    t = rays.to_ahead(house.start_m)
    across, up, _ = rays.at(t)
    inward = across * house.side - house.front_m
    gable = 0.0 if house.hedge else _PITCH
    top = house.height_m + gable * np.minimum(inward, _DEEP_M - inward)
    seen = (inward > 0) & (inward < _DEEP_M) & (up > 0) & (up < top)
    seen &= (t < canvas.depth) & (t > 0)
    if not seen.any():
        return
    place = (inward[seen], up[seen])
    if house.hedge:
        colour = _leaves(texture, *place)
    else:
        colour = _bricks(texture, house, *place, t[seen] / _SHARP)
        hole = np.maximum(
            np.abs(place[0] % 4.5 - 2.2) - 0.5, np.abs(place[1] % 3.0 - 1.6) - 0.65
        )
        hole = np.where((place[1] > 3.0) & (place[1] < house.height_m - 0.4), hole, 1.0)
        colour = np.where((hole < 0)[:, None], 0.06, colour)
        colour = np.where((np.abs(hole) < 0.05)[:, None], 0.4, colour)
        edge = top[seen] - place[1] < 0.2
        colour = np.where(edge[:, None], 0.10, colour)
    canvas.put(seen, t[seen], colour * lit(street, (0.0, 0.0, -1.0)))


def _paint_roof(
    canvas: Canvas, texture: SurfaceNoise, rays: Rays, street: Street, house: House
) -> None:
    """Paint the roof's side towards the street, and chimneys on its ridge."""
    t = rays.to_roof(house.side, house.front_m, house.height_m, _PITCH)
    with np.errstate(invalid="ignore"):
        across, up, ahead = rays.at(t)
        inward = across * house.side - house.front_m
        seen = (ahead > house.start_m) & (ahead < house.end_m) & (t < canvas.depth)
        seen &= (inward > -0.25) & (inward < _DEEP_M / 2)
    if seen.any():
        along, rise = ahead[seen], inward[seen]
        tone = 0.9 + 0.12 * texture.sample(along, rise, (0.35, 0.25), t[seen] / _SHARP)
        tone = tone + 0.1 * texture.sample(along, rise, (2.2, 2.0), t[seen] / _SHARP)
        slate = (
            np.array([0.115, 0.115, 0.125])
            if house.bay_m > 2.5
            else (np.array([0.24, 0.115, 0.075]))
        )
        normal = np.array([-house.side * _PITCH, 1.0, 0.0]) / np.hypot(_PITCH, 1)
        colour = tone[:, None] * slate * lit(street, normal)
        canvas.put(seen, t[seen], np.where((rise < 0)[:, None], 0.03, colour))
    ridge = house.height_m + _PITCH * _DEEP_M / 2
    for start in (house.start_m + 1.0, house.end_m - 2.2):
        t = rays.to_ahead(start)
        across, up, _ = rays.at(t)
        inward = across * house.side - house.front_m - _DEEP_M / 2
        seen = (np.abs(inward) < 0.5) & (up > ridge - 0.8) & (up < ridge + 1.3)
        seen &= (t < canvas.depth) & (t > 0)
        if seen.any():
            colour = _bricks(texture, house, inward[seen], up[seen], t[seen] / _SHARP)
            canvas.put(seen, t[seen], 0.8 * colour * lit(street, (0.0, 0.0, -1.0)))


def _leaves(texture: SurfaceNoise, along: Array, up: Array) -> Array:
    """Return the colour of a hedge, (n, 3)."""
    tone = 0.16 + 0.06 * texture.sample(along, up, (0.12, 0.12), 0.05)
    tone = tone + 0.05 * texture.sample(along, up, (0.6, 0.5), 0.05)
    return np.asarray(tone.clip(0.02)[:, None] * np.array([0.85, 1.15, 0.5]))


def _bricks(
    texture: SurfaceNoise, house: House, along: Array, up: Array, blur: Array
) -> Array:
    """Return the colour of a plain wall, (n, 3)."""
    tone = 0.92 + 0.09 * texture.sample(along, up, (0.24, 0.08), blur)
    tone = tone + 0.05 * texture.sample(along, up, (2.0, 3.0), blur)
    tone = tone + 0.04 * texture.sample(along, up, (0.35, 6.0), blur)  # streaks of rain
    course = (up % 0.075 < 0.012) / (1 + (blur / 0.02) ** 2)
    tone = (tone - 0.2 * course) * (0.75 + 0.25 * smooth_step(up, 0.0, 1.2))
    return np.asarray(tone.clip(0.1)[:, None] * house.wall)


def _front(
    texture: SurfaceNoise,
    house: House,
    along: Array,
    up: Array,
    away: Array,
    look: float,
) -> Array:
    """Return the colour of a house's front at metres (along, up), (n, 3)."""
    if house.hedge:
        return _leaves(texture, along + look, up)
    blur = away / _SHARP
    colour = _bricks(texture, house, along + look, up, blur)
    floor = np.floor(up / house.floor_m)
    bay = along % house.bay_m - house.bay_m / 2
    rise = up % house.floor_m - 0.55 * house.floor_m
    half_w, half_h = 0.27 * house.bay_m, 0.29 * house.floor_m
    inset = np.minimum(half_w - np.abs(bay), half_h - np.abs(rise))
    inset = np.where(floor * house.floor_m + 2.6 > house.height_m, -1.0, inset)
    number = np.floor(along / house.bay_m) + 7.0 * floor
    glass = 0.03 + 0.16 * ((np.sin(number * 12.9898 + look) * 43758.5453) % 1) ** 2
    glass = glass + 0.06 * smooth_step(rise, -half_h, half_h)
    if house.shop:
        ground = up < house.floor_m
        shop = np.minimum(
            np.minimum(along % 4.5 - 0.2, 4.3 - along % 4.5),
            np.minimum(up - 0.45, 0.74 * house.floor_m - up),
        )
        inset = np.where(ground, shop, inset)
        glass = np.where(ground, 0.03 + 0.5 * glass, glass)
    frame = (inset > 0) & (inset < 0.055)
    sash = (inset > 0) & (np.abs(rise) < 0.025) & (floor > 0)
    pane = (inset > 0)[:, None]
    colour = np.where(pane, glass[:, None] * np.array([0.9, 1.0, 1.12]), colour)
    colour = np.where((frame | sash)[:, None], 0.42, colour)
    colour = np.where((np.abs(inset + 0.06) < 0.06)[:, None], colour * 0.8, colour)
    sill = (
        (np.abs(bay) < half_w + 0.1)
        & (np.abs(rise + half_h + 0.08) < 0.07)
        & (floor > 0)
    )
    colour = np.where(sill[:, None], 0.5, colour)
    if house.shop:
        colour = _sign(texture, house, (along, up), blur, look, colour)
    eaves = house.height_m - up < 0.28
    return np.asarray(np.where(eaves[:, None], colour * 0.45, colour))


def _sign(
    texture: SurfaceNoise,
    house: House,
    place: tuple[Array, Array],
    blur: Array,
    look: float,
    colour: Array,
) -> Array:
    """Return the front with the board above the shop window on it."""
    along, up = place
    board = (up > 0.76 * house.floor_m) & (up < 0.97 * house.floor_m)
    paint = _SIGNS[int(look) % len(_SIGNS)] * (0.6 + look / 150)
    letters = texture.sample(along, up, (0.16, 0.5), blur) > 0.75
    letters &= (up > 0.81 * house.floor_m) & (up < 0.92 * house.floor_m)
    letters &= np.abs(along % 7.0 - 3.0) < 1.6
    painted = np.where(letters[:, None], 0.5, paint)
    return np.where(board[:, None], painted, colour)
