"""Flat things that stand in a street: trees, lamps, people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw
from scipy import ndimage

from dense_transformer.data.synthesis.fields import smooth_noise, smooth_step
from dense_transformer.data.synthesis.street import Canvas, Rays, Street
from dense_transformer.types import Array

_PX_PER_M = 44.0


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A picture that stands across the street, facing the camera.

    Attributes
    ----------
    across_m, ahead_m : float
        Its foot, street frame.
    height_m : float
        Of the picture.
    colour : ndarray, shape (h, w, 3)
        Linear RGB as lit.
    cover : ndarray, shape (h, w)
        1 where it hides what is behind, 0 where there is nothing.
    """

    across_m: float
    ahead_m: float
    height_m: float
    colour: Array
    cover: Array


def draw_tree(
    rng: np.random.Generator, street: Street, leafy: bool
) -> tuple[Array, Array]:
    """Return colour (h, w, 3) and cover (h, w) of a tree, 8 m high."""
    side = int(8 * _PX_PER_M)
    sheet = PillowImage.new("L", (side * 2, side * 2))
    pen = ImageDraw.Draw(sheet)
    # (x, y, angle from up, length, width, generation), all in px of the sheet
    twigs = [(side, 2 * side - 1, rng.normal(0, 0.04), 0.40 * side, 0.045 * side, 0)]
    tips = []
    while twigs:
        x, y, angle, length, width, age = twigs.pop()
        bend = angle + rng.normal(0, 0.10)
        x2, y2 = x + length * np.sin(bend), y - length * np.cos(bend)
        tone = int(rng.integers(120, 256))
        pen.line([(x, y), (x2, y2)], fill=tone, width=max(1, round(width)))
        if age >= 2:
            tips.append((x2, y2))
        if age < 8 and length > 5:
            for _ in range(2 + (rng.random() < 0.55)):
                turn = angle + rng.normal(0, 0.42 if age else 0.5)
                grow = length * rng.uniform(0.62, 0.86)
                twigs.append((x2, y2, turn * 0.97, grow, width * 0.62, age + 1))
    drawn = np.asarray(sheet.resize((side, side), PillowImage.Resampling.BOX))
    cover = (drawn / 190.0).clip(0, 1)
    margin = np.minimum(np.arange(side), np.arange(side)[::-1]) / side
    cover *= smooth_step(margin, 0.0, 0.08)
    bark = np.array([0.075, 0.062, 0.050])
    light = 0.7 + 0.5 * np.linspace(-1, 1, side)[None, :] * np.sign(street.sun[0])
    colour = (
        bark * np.where(drawn > 0, light, 1.0)[..., None] * (1 + street.sun_strength)
    )
    if leafy:
        colour, cover = _leaves(rng, street, np.array(tips) / 2, colour, cover)
    return colour, cover


def _leaves(
    rng: np.random.Generator, street: Street, tips: Array, colour: Array, cover: Array
) -> tuple[Array, Array]:
    """Return the tree with clumps of leaves round the tips of its twigs."""
    size = cover.shape
    mass = np.zeros(size, np.float32)
    y, x = np.round(tips[:, ::-1]).astype(int).T
    inside = (y >= 0) & (y < size[0]) & (x >= 0) & (x < size[1])
    np.add.at(mass, (y[inside], x[inside]), 1.0)
    mass = ndimage.gaussian_filter(mass, 9.0)
    rough = smooth_noise(rng, size, 1.6) + 0.8 * smooth_noise(rng, size, 6.0)
    dense = smooth_step(mass / (mass.max() + 1e-9), 0.02, 0.16)
    # No twig may end at the edge of the sheet as if cut off.
    margin = np.minimum(np.arange(size[1]), np.arange(size[1])[::-1]) / size[1]
    dense = dense * smooth_step(margin, 0.0, 0.14)
    leaf = smooth_step(2.6 * dense + 0.75 * rough, 0.9, 1.6) * (dense > 0.02)
    # Clumps are lit from the sun's side and from above.
    high = smooth_noise(rng, size, 7.0)
    slope = ndimage.gaussian_filter(mass, 6.0)
    gy, gx = np.gradient(slope / (slope.max() + 1e-9), 1 / 40)
    shine = 0.55 + 0.35 * (gy - gx * np.sign(street.sun[0])).clip(-1, 1) + 0.16 * high
    tone = (shine + 0.22 * smooth_noise(rng, size, 1.3)).clip(0.12, 1.6)
    hue = np.array(
        [rng.uniform(0.10, 0.16), rng.uniform(0.14, 0.19), rng.uniform(0.04, 0.06)]
    )
    leaves = tone[..., None] * hue * (0.75 + 0.6 * street.sun_strength)
    colour = colour + leaf[..., None] * (leaves - colour)
    return colour, np.maximum(cover, leaf)


def draw_lamp() -> tuple[Array, Array]:
    """Return colour and cover of a street lamp, 8 m high."""
    side = int(8 * _PX_PER_M)
    sheet = PillowImage.new("L", (side, side))
    pen = ImageDraw.Draw(sheet)
    middle = side // 2
    pen.line([(middle, side), (middle, 14)], fill=255, width=5)
    pen.line([(middle, 14), (middle + 50, 6)], fill=255, width=3)
    pen.rectangle([middle + 42, 4, middle + 72, 10], fill=255)
    cover = np.asarray(sheet) / 255.0
    return np.tile(np.array([0.14, 0.15, 0.15]), (side, side, 1)), cover


def draw_person(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return colour and cover of somebody on foot, 1.75 m high."""
    high, wide = 210, 110
    sheet = PillowImage.new("RGBA", (wide, high))
    pen = ImageDraw.Draw(sheet)
    coat = [int(c) for c in rng.uniform(20, 120) * rng.uniform(0.75, 1.2, 3)]
    legs = [int(c) for c in rng.uniform(15, 60) * rng.uniform(0.9, 1.15, 3)]
    step, sway = rng.uniform(4, 20), rng.uniform(-4, 4)
    for sign in (-1, 1):
        foot = 55 + sign * step
        pen.line([(55 + sign * 5, 112), (foot, 205)], fill=(*legs, 255), width=15)
        pen.line(
            [(55 + sign * 16, 48), (55 + sign * (20 + sway), 115)],
            fill=(*coat, 255),
            width=11,
        )
    pen.rounded_rectangle([36, 36, 74, 124], 13, fill=(*coat, 255))
    pen.ellipse([45, 5, 66, 36], fill=(120, 85, 68, 255))
    pen.chord([43, 2, 68, 34], 170, 370, fill=(35, 25, 20, 255))
    drawn = np.asarray(sheet).astype(np.float32) / 255
    fold = 1 + 0.18 * smooth_noise(rng, (high, wide), 5.0)
    colour = (drawn[..., :3] ** 2.2) * fold[..., None]
    return colour, ndimage.gaussian_filter(drawn[..., 3], 0.8)


def stand_boards(rng: np.random.Generator, street: Street) -> tuple[Board, ...]:
    """Return trees, lamps and people beside the road."""
    leafy = bool(rng.random() < 0.5)
    kinds = [draw_tree(rng, street, leafy) for _ in range(3)]
    lamp = draw_lamp()
    boards = []
    for index, side in enumerate((-1, 1)):
        inner = street.half_width_m
        outer = inner + street.pavement_m[index]
        if rng.random() < 0.75:
            at, gap = rng.uniform(9, 22), rng.uniform(9, 22)
            while at < 130:
                where = side * (inner + rng.uniform(0.5, 0.9))
                if street.green > 0.5 or street.verge_m[index] > 1:
                    where = side * (
                        outer + rng.uniform(0.3, 0.3 + street.verge_m[index])
                    )
                high = rng.uniform(5.5, 9.5)
                boards.append(Board(where, at, high, *kinds[rng.integers(3)]))
                at += gap * rng.uniform(0.7, 1.5)
        for ahead in np.arange(rng.uniform(14, 30), 140, 32.0):
            cover = lamp[1] if side < 0 else lamp[1][:, ::-1]
            boards.append(
                Board(side * (inner + 0.45), float(ahead), 8.0, lamp[0], cover)
            )
        for _ in range(rng.poisson(1.6)):
            where = side * rng.uniform(inner + 0.5, outer - 0.3)
            person = draw_person(rng)
            boards.append(
                Board(where, rng.uniform(8, 50), rng.uniform(1.6, 1.85), *person)
            )
    return tuple(boards)


def paint_boards(canvas: Canvas, rays: Rays, boards: tuple[Board, ...]) -> None:
    """Paint boards, the far ones first, where nothing nearer hides them."""
    for board in sorted(boards, key=lambda one: -one.ahead_m):
        t = rays.to_ahead(board.ahead_m)
        across, up, _ = rays.at(t)
        high, wide = board.cover.shape
        px_per_m = high / board.height_m
        column = (across - board.across_m) * px_per_m + (wide - 1) / 2
        row = (board.height_m - up) * px_per_m
        seen = (column > 0) & (column < wide - 1) & (row > 0) & (row < high - 1)
        seen &= (t > 0) & (t < canvas.depth)
        if not seen.any():
            continue
        # Far boards are smoothed first, so that thin twigs don't flicker.
        shrink = board.ahead_m * px_per_m / rays.focal_px
        blur = max(0.0, shrink - 1) * 0.45
        place = [row[seen], column[seen]]
        cover = ndimage.gaussian_filter(board.cover, blur)
        alpha = ndimage.map_coordinates(cover, place, order=1)[:, None]
        ink = [
            ndimage.gaussian_filter(board.cover * board.colour[..., c], blur)
            for c in range(3)
        ]
        light = np.stack(
            [ndimage.map_coordinates(one, place, order=1) for one in ink], -1
        )
        canvas.colour[seen] = canvas.colour[seen] * (1 - alpha) + light
        solid = np.zeros_like(seen)
        solid[seen] = alpha[:, 0] > 0.5
        canvas.depth[solid] = t[solid]
        canvas.road[solid] = False
