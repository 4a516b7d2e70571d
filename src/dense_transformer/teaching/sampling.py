"""Patches to learn from: every annotated place in turn, classes drawn alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from dense_transformer.data.deformation import nearest_px
from dense_transformer.data.patches import Batch, sample_batch
from dense_transformer.data.windows import free_origins, read_labels
from dense_transformer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.config import AugmentConfig
    from dense_transformer.data import Pair
    from dense_transformer.data.deformation import Deformation
    from dense_transformer.data.windows import Origin, Size
    from dense_transformer.types import Array, Box

JITTER = 0.25  # of a patch: how far it may leave a place that it could cover
_ORDER = 104_729  # keeps the order of places apart from the draws of patches


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """An annotated place to learn from.

    Attributes
    ----------
    pair : Pair
        Pixels around it, with labels; 0 where nothing is to be learned.
    box : Box
        Where it lies in `pair`, px.
    """

    pair: Pair
    box: Box


@dataclass(frozen=True, slots=True)
class Draws:
    """How patches are drawn; the same for all steps.

    Attributes
    ----------
    patch : tuple of int
        Height and width, px.
    batch : int
        Patches per step.
    seed : int
        Not negative.
    augment : AugmentConfig
        How patches are varied.
    replay : float
        Share of patches from elsewhere.
    """

    patch: Size
    batch: int
    seed: int
    augment: AugmentConfig
    replay: float = 0.0


def draw_batch(
    spots: Sequence[Spot], others: Sequence[Pair], draws: Draws, step: int
) -> Batch:
    """Return the patches of a step, a function of seed and step alone.

    Parameters
    ----------
    spots : sequence of Spot
        All are visited, in a new order each time, before one is visited again.
    others : sequence of Pair
        What else to learn from; needed where ``draws.replay`` is not 0.
    draws : Draws
        How.
    step : int
        0-based.

    Raises
    ------
    DataError
        If there is no spot, or one without a labelled pixel.
    """
    if not spots:
        raise DataError("nothing is annotated to learn from; paint something first")
    parts = []
    for slot in range(draws.batch):
        number = step * draws.batch + slot
        replayed = int(number * draws.replay)
        if int((number + 1) * draws.replay) > replayed and others:
            pair = others[replayed % len(others)]
            draw = partial(draw_anywhere, pair)
        else:
            spot = spots[visited(len(spots), number - replayed, draws.seed)]
            pair, draw = spot.pair, partial(draw_place, spot)
        parts.append(
            sample_batch(
                [pair],
                patch=draws.patch,
                batch=1,
                augment=draws.augment,
                seed=draws.seed,
                step=step,
                first=slot,
                draw_place=draw,
            )
        )
    pixels, labels = zip(*parts, strict=True)
    return Batch(torch.cat(pixels), torch.cat(labels))


def visited(count: int, number: int, seed: int) -> int:
    """Return which of `count` spots sample `number` visits."""
    around, at = divmod(number, count)
    key = np.random.SeedSequence((seed, _ORDER, around))
    return int(np.random.Generator(np.random.Philox(key)).permutation(count)[at])


def draw_anywhere(
    pair: Pair, patch: Size, deformation: Deformation | None, rng: np.random.Generator
) -> tuple[Pair, Origin, Array]:
    """Return the pair, any origin there, and the labels (h, w), which may be none."""
    rows, columns = free_origins(pair.labels.shape, patch, deformation)
    y, x = rng.integers(*rows, endpoint=True), rng.integers(*columns, endpoint=True)
    origin = int(y), int(x)
    return pair, origin, read_labels(pair.labels, origin, patch, deformation)


def draw_place(
    spot: Spot,
    patch: Size,
    deformation: Deformation | None,
    rng: np.random.Generator,
) -> tuple[Pair, Origin, Array]:
    """Return the pair of a spot, an origin there, and the labels (h, w).

    The patch covers the spot, or lies inside it, with some play. It is drawn around
    a pixel of a class that was drawn before, each as often as any other.
    """
    labels = spot.pair.labels
    pixel = _draw_pixel(labels, spot.box, rng)
    centre = _draw_centre(spot.box, pixel, patch, rng)
    origin = _origin(centre, patch, deformation)
    rows, columns = free_origins(labels.shape, patch, deformation)
    inside = int(np.clip(origin[0], *rows)), int(np.clip(origin[1], *columns))
    for candidate in (inside, origin):
        found = read_labels(labels, candidate, patch, deformation)
        if found.any():
            return spot.pair, candidate, found
    offset = (0, 0)
    if deformation is not None:
        middle = deformation.offsets_px[:, patch[0] // 2, patch[1] // 2]
        y, x = nearest_px(middle)
        offset = int(y), int(x)
    exact = _origin((pixel[0] - offset[0], pixel[1] - offset[1]), patch, deformation)
    return spot.pair, exact, read_labels(labels, exact, patch, deformation)


def _origin(centre: Origin, patch: Size, deformation: Deformation | None) -> Origin:
    """Return the origin of a patch around `centre`; a deformed one's is its middle."""
    if deformation is not None:
        return centre
    return centre[0] - patch[0] // 2, centre[1] - patch[1] // 2


def _draw_pixel(labels: Array, box: Box, rng: np.random.Generator) -> Origin:
    """Return a labelled pixel of a box, of any class there alike."""
    top, left, bottom, right = box
    cut = labels[top:bottom, left:right]
    classes = np.flatnonzero(np.bincount(cut.ravel(), minlength=2)[1:]) + 1
    if not classes.size:
        raise DataError(f"nothing is annotated in the box {box}; paint something there")
    found = np.flatnonzero(cut == classes[rng.integers(classes.size)])
    y, x = divmod(int(found[rng.integers(found.size)]), right - left)
    return top + y, left + x


def _draw_centre(
    box: Box, pixel: Origin, patch: Size, rng: np.random.Generator
) -> Origin:
    """Return the middle of a patch that holds `pixel` and covers a box, or lies in it.

    It may miss either by `JITTER` of its size.
    """
    centre = []
    for axis in (0, 1):
        side = patch[axis]
        play = round(JITTER * side)
        ends = sorted((box[axis], box[axis + 2] - side))
        low = max(ends[0] - play, pixel[axis] - side + 1)
        high = min(ends[1] + play, pixel[axis])
        centre.append(int(rng.integers(low, high, endpoint=True)) + side // 2)
    return centre[0], centre[1]
