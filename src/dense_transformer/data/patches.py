"""Random patches of labelled images, each a function of (seed, step, sample)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from dense_transformer.data.augment import vary_intensity
from dense_transformer.data.deformation import (
    KERNEL_MARGIN_PX,
    Deformation,
    draw_deformation,
    nearest_px,
    sample_labels,
    sample_pixels,
)
from dense_transformer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.config import AugmentConfig
    from dense_transformer.data.pairs import Pair
    from dense_transformer.types import Array

FREE_DRAWS = 8  # places tried before one is built around a labelled pixel
Origin = tuple[int, int]


class Batch(NamedTuple):
    """Patches to train on."""

    pixels: torch.Tensor  # (n, c, h, w) float32, in [-2, 2]
    labels: torch.Tensor  # (n, h, w) uint8; 0 = ignore, else class index + 1


def sample_batch(
    pairs: Sequence[Pair],
    *,
    patch: tuple[int, int],
    batch: int,
    augment: AugmentConfig,
    seed: int,
    step: int,
    first: int = 0,
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

    Raises
    ------
    DataError
        If there is no pair, none with a labelled pixel, or channels differ.

    Notes
    -----
    Each sample has its own generator, keyed by (seed, step, sample): it doesn't
    depend on the other samples, nor on how many processes share a batch.
    """
    channels = _check_pairs(pairs)
    pixels = np.empty((batch, channels, *patch), dtype=np.float32)
    labels = np.empty((batch, *patch), dtype=np.uint8)
    for slot in range(batch):
        key = np.random.SeedSequence((seed, step, first + slot))
        rng = np.random.Generator(np.random.Philox(key))
        pixels[slot], labels[slot] = _draw_patch(pairs, patch, augment, rng)
    return Batch(torch.from_numpy(pixels), torch.from_numpy(labels))


def _check_pairs(pairs: Sequence[Pair]) -> int:
    """Return the number of channels that all pairs have."""
    if not pairs:
        raise DataError("no images to draw patches from; name some in data.train")
    channels = pairs[0].pixels.shape[0]
    for pair in pairs:
        if pair.pixels.shape[0] != channels:
            raise DataError(
                f"{pair.name} has {pair.pixels.shape[0]} channels, {pairs[0].name} "
                f"{channels}; train on images with equal channels"
            )
    return int(channels)


def _draw_patch(
    pairs: Sequence[Pair],
    patch: tuple[int, int],
    augment: AugmentConfig,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return pixels (c, h, w) and labels (h, w) of one sample."""
    turn = int(rng.integers(4)) if augment.turns else 0
    upright = patch if turn % 2 == 0 else (patch[1], patch[0])
    deformation = draw_deformation(upright, augment, rng)
    pair, origin = _draw_place(pairs, upright, deformation, rng)
    pixels = vary_intensity(
        _read_pixels(pair.pixels, origin, upright, deformation), augment, rng
    )
    labels = _read_labels(pair.labels, origin, upright, deformation)
    pixels, labels = np.rot90(pixels, turn, (1, 2)), np.rot90(labels, turn)
    if augment.flips and rng.random() < 0.5:
        pixels, labels = pixels[..., ::-1], labels[..., ::-1]
    if augment.flips and augment.vertical_flips and rng.random() < 0.5:
        pixels, labels = pixels[..., ::-1, :], labels[::-1]
    return pixels, labels


def _draw_place(
    pairs: Sequence[Pair],
    patch: tuple[int, int],
    deformation: Deformation | None,
    rng: np.random.Generator,
) -> tuple[Pair, Origin]:
    """Return a pair and an origin in it whose patch holds a labelled pixel."""
    ends = np.cumsum([pair.labels.size for pair in pairs])
    for _ in range(FREE_DRAWS):
        chosen = int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))
        origin = _draw_origin(pairs[chosen].labels.shape, patch, deformation, rng)
        if _read_labels(pairs[chosen].labels, origin, patch, deformation).any():
            return pairs[chosen], origin
    for turn in range(len(pairs)):  # labels are sparse: the next pair that has any
        pair = pairs[(chosen + turn) % len(pairs)]
        labelled = np.flatnonzero(pair.labels)
        if labelled.size:
            pixel = np.unravel_index(rng.choice(labelled), pair.labels.shape)
            return pair, _origin_around(pixel, pair, patch, deformation, rng)
    raise DataError(
        f"none of {len(pairs)} images has a labelled pixel; all are ignored"
    )


def _free_origins(
    size: tuple[int, int], patch: tuple[int, int], deformation: Deformation | None
) -> list[tuple[int, int]]:
    """Return the first and last origin on each axis, as far inside as can be."""
    low = (0, 0) if deformation is None else deformation.low_px
    high = (patch[0] - 1, patch[1] - 1) if deformation is None else deformation.high_px
    bounds = [(-low[i], size[i] - 1 - high[i]) for i in (0, 1)]
    return [(min(bound), max(bound)) for bound in bounds]


def _draw_origin(
    size: tuple[int, int],
    patch: tuple[int, int],
    deformation: Deformation | None,
    rng: np.random.Generator,
) -> Origin:
    """Return an origin where the patch is inside the image, or sticks out least."""
    rows, columns = _free_origins(size, patch, deformation)
    return (
        int(rng.integers(*rows, endpoint=True)),
        int(rng.integers(*columns, endpoint=True)),
    )


def _origin_around(
    pixel: tuple[np.intp, ...],
    pair: Pair,
    patch: tuple[int, int],
    deformation: Deformation | None,
    rng: np.random.Generator,
) -> Origin:
    """Return an origin with the labelled pixel (y, x) in the patch."""
    at = int(rng.integers(patch[0])), int(rng.integers(patch[1]))
    offset = at if deformation is None else nearest_px(deformation.offsets_px[:, *at])
    exact = int(pixel[0] - offset[0]), int(pixel[1] - offset[1])
    free = _free_origins(pair.labels.shape, patch, deformation)
    inside = int(np.clip(exact[0], *free[0])), int(np.clip(exact[1], *free[1]))
    if _read_labels(pair.labels, inside, patch, deformation).any():
        return inside
    return exact


def _read_pixels(
    image: Array,
    origin: Origin,
    patch: tuple[int, int],
    deformation: Deformation | None,
) -> Array:
    """Return pixels (c, h, w) at an origin, continued by reflection."""
    if deformation is None:
        return _window(image, origin, patch)
    return sample_pixels(_window(image, *_source_box(origin, deformation)), deformation)


def _read_labels(
    labels: Array,
    origin: Origin,
    patch: tuple[int, int],
    deformation: Deformation | None,
) -> Array:
    """Return labels (h, w) at an origin, 0 outside the image."""
    if deformation is None:
        return _window(labels, origin, patch, outside=0)
    box = _source_box(origin, deformation)
    return sample_labels(_window(labels, *box, outside=0), deformation)


def _source_box(
    origin: Origin, deformation: Deformation
) -> tuple[Origin, tuple[int, int]]:
    """Return corner and size of what a deformed patch reads, margin included."""
    low, high, margin = deformation.low_px, deformation.high_px, KERNEL_MARGIN_PX
    corner = origin[0] + low[0] - margin, origin[1] + low[1] - margin
    height, width = (high[i] - low[i] + 1 + 2 * margin for i in (0, 1))
    return corner, (height, width)


def _window(
    image: Array, corner: Origin, size: tuple[int, int], outside: int | None = None
) -> Array:
    """Return a copy (..., h, w); beyond the edges reflected, or `outside`."""
    length = image.shape[-2:]
    index = [np.arange(corner[i], corner[i] + size[i]) for i in (0, 1)]
    if all(index[i][0] >= 0 and index[i][-1] < length[i] for i in (0, 1)):
        top, left = corner
        return image[..., top : top + size[0], left : left + size[1]].copy()
    rows, columns = (_reflect(index[i], length[i]) for i in (0, 1))
    window = image[..., rows[:, None], columns]
    if outside is not None:
        window[..., rows != index[0], :] = outside
        window[..., columns != index[1]] = outside
    return window


def _reflect(index: Array, length: int) -> Array:
    """Return indices within [0, length), mirrored at the first and last pixel."""
    period = max(2 * (length - 1), 1)
    folded = np.mod(index, period)
    return np.asarray(np.minimum(folded, period - folded) if length > 1 else folded * 0)
