"""Annotations as a person would make them, from the truth and a seed.

Patches are boxes in which every pixel is annotated, with borders a little off.
Scribbles are strokes of 200 px, 1 to 3 px wide, that follow a membrane or wander
inside a cell, and now and then slip off. Corrections are scribbles that begin where
the shipped model is wrong, as those of somebody who looks at what it predicts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from benchmarks.teach_domains import Domain
from benchmarks.teach_scoring import predict_model
from dense_transformer.data.synthesis.fields import smooth_noise
from dense_transformer.zoo import load_model

Array = np.ndarray[Any, Any]

SLIP_PX = 0.8  # standard deviation of a drawn border from the true one
SCRIBBLE_PX = 200
TRIES = 200  # to begin a scribble at a mistake
TURN = 0.35  # largest change of a stroke's direction, radians per px


class Box(NamedTuple):
    """A fully annotated box of a section; half open, px."""

    section: int
    top: int
    left: int
    bottom: int
    right: int


class Drawn(NamedTuple):
    """What was annotated."""

    labels: Array  # (z, h, w) uint8, 0 = not annotated
    patches: tuple[Box, ...]  # none for scribbles


def annotate(domain: Domain, what: str, seed: int) -> Drawn:
    """Return annotations such as ``3 patches``, ``5 scribbles``, ``5 corrections``."""
    count, kind = what.split()
    rng = np.random.default_rng([seed, int(count), kind.startswith("p")])
    if kind.startswith("patch"):
        return draw_patches(domain, int(count), rng)
    wrong = _mistakes(domain) if kind.startswith("correction") else None
    return draw_scribbles(domain, int(count), rng, wrong)


def draw_patches(domain: Domain, count: int, rng: np.random.Generator) -> Drawn:
    """Return `count` patches, in turn on the sections, overlapping little."""
    labels, boxes = np.zeros_like(domain.truth), []
    side = domain.patch_px
    start = int(rng.integers(len(domain.teach)))
    for index in range(count):
        z = domain.teach[(start + index) % len(domain.teach)]
        height, width = (n - side for n in domain.truth.shape[1:])
        tries = np.column_stack(
            [rng.integers(0, height + 1, 40), rng.integers(0, width + 1, 40)]
        )
        covered = [labels[z, y : y + side, x : x + side].mean() for y, x in tries]
        y, x = (int(v) for v in tries[int(np.argmin(covered))])
        box = Box(z, y, x, y + side, x + side)
        inside = slice(y, y + side), slice(x, x + side)
        labels[z][inside] = _by_hand(domain.truth[z][inside], rng)
        boxes.append(box)
    return Drawn(labels, tuple(boxes))


def _by_hand(truth: Array, rng: np.random.Generator) -> Array:
    """Return labels whose borders wobble as a hand's do."""
    shift = np.stack([smooth_noise(rng, truth.shape, 6.0) for _ in range(2)])
    where = np.indices(truth.shape) + SLIP_PX * shift
    return np.asarray(ndimage.map_coordinates(truth, where, order=0, mode="nearest"))


def _mistakes(domain: Domain) -> dict[int, Array]:
    """Return where the shipped model is wrong on the first two taught sections."""
    model = load_model(domain.model)
    return {
        z: (predict_model(model, domain.pixels[z]) >= 0.5) != (domain.truth[z] == 2)
        for z in domain.teach[:2]
    }


def draw_scribbles(
    domain: Domain,
    count: int,
    rng: np.random.Generator,
    wrong: dict[int, Array] | None = None,
) -> Drawn:
    """Return `count` strokes, in turn of either class, on the first two sections.

    They begin anywhere, or where `wrong` (h, w) of the section is True.
    """
    labels = np.zeros_like(domain.truth)
    for index in range(count):
        z = domain.teach[index // 2 % min(2, len(domain.teach))]
        value = 2 - index % 2
        painted: set[tuple[int, int]] = set()
        depth = ndimage.distance_transform_edt(domain.truth[z] == value)
        ground = depth >= min(2.0, float(depth.max()))
        if wrong is not None and (ground & wrong[z]).any():
            ground &= wrong[z]
        starts, tries = np.flatnonzero(ground), 0
        while len(painted) < SCRIBBLE_PX:  # a stroke that got stuck goes on elsewhere
            painted |= _stroke(depth, starts, SCRIBBLE_PX - len(painted), rng)
            tries += 1
            if tries == TRIES:  # the mistakes are too small for it
                starts = np.flatnonzero(depth >= min(2.0, float(depth.max())))
        for y, x in painted:
            labels[z, y, x] = value
    return Drawn(labels, ())


def _stroke(
    depth: Array, starts: Array, pixels: int, rng: np.random.Generator
) -> set[tuple[int, int]]:
    """Return the pixels of one stroke that keeps to where `depth` is high."""
    at = np.array(np.unravel_index(rng.choice(starts), depth.shape), np.float64)
    wide = int(rng.integers(1, 4))
    angle = rng.uniform(0, 2 * np.pi)
    painted: set[tuple[int, int]] = set()
    for _ in range(4 * pixels):
        turns = angle + np.linspace(-3, 3, 7) * TURN
        ahead = at + 3.0 * np.column_stack([np.sin(turns), np.cos(turns)])
        inside = ((ahead >= 0) & (ahead <= np.array(depth.shape) - 1)).all(1)
        y, x = np.clip(ahead, 0, np.array(depth.shape) - 1).round().astype(int).T
        room = np.where(inside, np.minimum(depth[y, x], 6.0), -1.0)
        best = int(np.argmax(room + 0.7 * rng.standard_normal(7)))
        if room[best] <= 0:
            break
        angle = turns[3] + np.clip(turns[best] - turns[3], -TURN, TURN)
        at = at + np.array([np.sin(angle), np.cos(angle)])
        at = np.clip(at, 0, np.array(depth.shape) - 1)
        painted |= _brush(at, wide, depth.shape)
        if len(painted) >= pixels:
            break
    return set(sorted(painted)[:pixels]) if len(painted) > pixels else painted


def _brush(at: Array, wide: int, shape: tuple[int, ...]) -> set[tuple[int, int]]:
    """Return the pixels of a brush of `wide` px."""
    y, x = (round(float(v) - (wide - 1) / 2) for v in at)
    return {
        (j, i)
        for j in range(max(0, y), min(shape[0], y + wide))
        for i in range(max(0, x), min(shape[1], x + wide))
    }
