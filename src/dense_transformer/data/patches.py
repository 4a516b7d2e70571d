"""Random patches of labelled images, each a function of (seed, step, sample)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import torch

from dense_transformer.data.augment import vary_intensity
from dense_transformer.data.deformation import (
    Deformation,
    draw_deformation,
    nearest_px,
)
from dense_transformer.data.windows import free_origins, read_labels, read_pixels
from dense_transformer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dense_transformer.config import AugmentConfig
    from dense_transformer.data.pairs import Pair
    from dense_transformer.data.windows import Origin, Size
    from dense_transformer.types import Array

DrawPlace: TypeAlias = (
    "Callable[[Size, Deformation | None, np.random.Generator], "
    "tuple[Pair, Origin, Array]]"
)
FREE_DRAWS = 8  # places tried before one is built around a labelled pixel


class Batch(NamedTuple):
    """Patches to train on."""

    pixels: torch.Tensor  # (n, c, h, w) float32, in [-2, 2]
    labels: torch.Tensor  # (n, h, w) uint8; 0 = ignore, else class index + 1


def sample_batch(
    pairs: Sequence[Pair],
    *,
    patch: Size,
    batch: int,
    augment: AugmentConfig,
    seed: int,
    step: int,
    first: int = 0,
    draw_place: DrawPlace | None = None,
) -> Batch:
    """Return samples `first` .. `first + batch - 1` of a step's patches.

    Parameters
    ----------
    pairs : sequence of Pair
        Images (with equal channels) and labels; drawn by their areas, so that
        all pixels count alike.
    patch : tuple of int
        Height and width, px. Smaller images are continued by reflection, with
        labels 0 there.
    batch, first : int
        Number of samples, and index of the first in the batch of all processes.
    augment : AugmentConfig
        How patches are varied.
    seed, step : int
        Not negative.
    draw_place : callable, optional
        Draws where a patch of a size and deformation is cut, with its labels; by
        default anywhere that holds a labelled pixel.

    Raises
    ------
    DataError
        If there is no pair, none with a labelled pixel, or channels differ.

    Notes
    -----
    Each sample has its own generator (Philox, keyed by seed, step and sample),
    so it depends neither on the other samples nor on how many processes share
    a batch.

    A patch is cut upright, deformed by one interpolation or not at all, changed
    in intensity, turned by a right angle and mirrored. What a deformed patch
    reads is taken from the image around it: padding shows only where the image
    is smaller than that. Labels are those of the nearest pixel, never mixed;
    every patch holds a labelled pixel.
    """
    channels = _check_pairs(pairs)
    pixels = np.empty((batch, channels, *patch), dtype=np.float32)
    labels = np.empty((batch, *patch), dtype=np.uint8)
    for slot in range(batch):
        key = np.random.SeedSequence((seed, step, first + slot))
        rng = np.random.Generator(np.random.Philox(key))
        draw = draw_place or partial(_draw_place, pairs)
        pixels[slot], labels[slot] = _draw_patch(draw, patch, augment, rng)
    return Batch(torch.from_numpy(pixels), torch.from_numpy(labels))


def _check_pairs(pairs: Sequence[Pair]) -> int:
    """Return the number of channels that all pairs have."""
    if not pairs:
        raise DataError("no images to draw patches from; name some in data.train")
    channels = int(pairs[0].pixels.shape[0])
    for pair in pairs:
        if pair.pixels.shape[0] != channels:
            raise DataError(
                f"{pair.name} has {pair.pixels.shape[0]} channels, {pairs[0].name} "
                f"{channels}; train on images with equal channels"
            )
        if pair.pixels.shape[1:] != pair.labels.shape:
            raise DataError(
                f"{pair.name} has {pair.pixels.shape[1:]} pixels, but labels of "
                f"{pair.labels.shape}; give labels of the image's size"
            )
    return channels


def _draw_patch(
    draw: DrawPlace, patch: Size, augment: AugmentConfig, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return pixels (c, h, w) and labels (h, w) of one sample."""
    turn = int(rng.integers(4)) if augment.turns else 0
    upright = patch if turn % 2 == 0 else (patch[1], patch[0])
    deformation = draw_deformation(upright, augment, rng)
    pair, origin, labels = draw(upright, deformation, rng)
    pixels = read_pixels(pair.pixels, origin, upright, deformation)
    pixels = vary_intensity(pixels, augment, rng)
    pixels, labels = np.rot90(pixels, turn, (1, 2)), np.rot90(labels, turn)
    if augment.flips and rng.random() < 0.5:
        pixels, labels = pixels[..., ::-1], labels[..., ::-1]
    if augment.flips and augment.vertical_flips and rng.random() < 0.5:
        pixels, labels = pixels[..., ::-1, :], labels[::-1]
    return pixels, labels


def _draw_place(
    pairs: Sequence[Pair],
    patch: Size,
    deformation: Deformation | None,
    rng: np.random.Generator,
) -> tuple[Pair, Origin, Array]:
    """Return a pair, an origin in it and the labels (h, w) there, not all ignored."""
    ends = np.cumsum([pair.labels.size for pair in pairs])
    for _ in range(FREE_DRAWS):
        chosen = int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))
        pair = pairs[chosen]
        rows, columns = free_origins(pair.labels.shape, patch, deformation)
        y, x = rng.integers(*rows, endpoint=True), rng.integers(*columns, endpoint=True)
        origin = int(y), int(x)
        labels = read_labels(pair.labels, origin, patch, deformation)
        if labels.any():
            return pair, origin, labels
    for turn in range(len(pairs)):  # labels are sparse: the next pair that has any
        pair = pairs[(chosen + turn) % len(pairs)]
        labelled = np.flatnonzero(pair.labels)
        if labelled.size:
            pixel = divmod(int(rng.choice(labelled)), pair.labels.shape[1])
            return pair, *_place_around(pixel, pair.labels, patch, deformation, rng)
    raise DataError(
        f"none of {len(pairs)} images has a labelled pixel: all are 0, ignored; "
        "check the labels"
    )


def _place_around(
    pixel: Origin,
    labels: Array,
    patch: Size,
    deformation: Deformation | None,
    rng: np.random.Generator,
) -> tuple[Origin, Array]:
    """Return an origin whose patch reads `pixel` (y, x), and the labels there.

    Inside the image if the deformed patch then still holds a labelled pixel.
    """
    at = int(rng.integers(patch[0])), int(rng.integers(patch[1]))
    offset = at if deformation is None else nearest_px(deformation.offsets_px[:, *at])
    exact = pixel[0] - int(offset[0]), pixel[1] - int(offset[1])
    rows, columns = free_origins(labels.shape, patch, deformation)
    inside = int(np.clip(exact[0], *rows)), int(np.clip(exact[1], *columns))
    found = read_labels(labels, inside, patch, deformation)
    if not found.any():
        return exact, read_labels(labels, exact, patch, deformation)
    return inside, found
