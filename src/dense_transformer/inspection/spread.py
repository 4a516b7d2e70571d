"""How much the warps of several images differ, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.types import Array, Warp

IDLE_PX = 0.5  # mean shift below which a transformer does next to nothing
ALIKE = 0.9  # share of the movement's energy that is the same for all images
MOSTLY = 0.5  # the same, from which most of the movement is a fixed one


@dataclass(frozen=True, slots=True)
class SpreadNumbers:
    """How much of one transformer's movement depends on the image.

    All lengths are of fiducials, source px of the first image.

    Attributes
    ----------
    level : int
        1-based level of the transformer.
    images, tiles : int
        How many were compared.
    shift_px : float
        Root mean square of the fiducials' shift, over everything.
    common_px : float
        Of their mean shift over all tiles of all images: what every image gets.
    between_px : float
        Of the images' mean shifts around that common one.
    within_px : float
        Of the tiles' shifts around the mean of their image.
    common_share : float
        common_px^2 / shift_px^2: 1 if the transformer does the same to every image,
        0 if on average it does nothing. The three squares sum to shift_px^2. NaN if
        nothing moves.
    least, most : (str, float)
        Images with the smallest and largest mean shift, and how much, px.
    """

    level: int
    images: int
    tiles: int
    shift_px: float
    common_px: float
    between_px: float
    within_px: float
    common_share: float
    least: tuple[str, float]
    most: tuple[str, float]


def compare_images(
    images: Sequence[tuple[str, Sequence[Warp]]],
) -> tuple[SpreadNumbers, ...]:
    """Return how much each level's warps differ between images.

    Parameters
    ----------
    images : sequence of (name, warps)
        Warps of all tiles of each image, of one network. Every image counts alike,
        however many tiles it has.

    Returns
    -------
    tuple of SpreadNumbers
        By level.

    Raises
    ------
    DataError
        If there are no images, one has no warps, or they are of several networks.
    """
    if not images:
        raise DataError("no images to compare; give at least one")
    levels = {warp.level for _, warps in images for warp in warps}
    return tuple(_compare_level(images, level) for level in sorted(levels))


def describe_spread(numbers: SpreadNumbers) -> str:
    """Return in plain words whether a transformer looks at its images."""
    n, where = numbers, f"The transformer at level {numbers.level}"
    if not n.shift_px >= IDLE_PX:
        return (
            f"{where} does next to nothing: it moves its fiducials by "
            f"{n.shift_px:.2g} px. The network works as its plain U-Net would."
        )
    over = f"{n.images} images" if n.images > 1 else f"{n.tiles} tiles"
    if n.tiles < 2:
        return (
            f"{where} moves its fiducials by {n.shift_px:.3g} px. From one tile "
            "nobody can tell whether it looks at the image; measure a whole image "
            "of several tiles, or several images."
        )
    moves = f"moves its fiducials by {n.shift_px:.3g} px"
    if n.common_share >= ALIKE:
        what = "image" if n.images > 1 else "tile"
        return (
            f"{where} does the same to every {what}: it {moves}, and "
            f"{n.common_share:.0%} of that movement is the same in all {over}. It has "
            "learned a fixed lens, not to look at its input."
        )
    differ = float(np.hypot(n.between_px, n.within_px))
    answers = "answers to" if n.common_share < MOSTLY else "answers a little to"
    return (
        f"{where} {answers} its input: it {moves}; {n.common_share:.0%} of that "
        f"movement is the same in all {over}, and around it single tiles differ by "
        f"{differ:.3g} px."
    )


def _compare_level(
    images: Sequence[tuple[str, Sequence[Warp]]], level: int
) -> SpreadNumbers:
    shifts = [_fiducial_shifts(name, warps, level) for name, warps in images]
    if len({shift.shape[1:] for shift in shifts}) > 1:
        raise DataError(
            f"level {level} has lattices of {sorted({s.shape[1] for s in shifts})} "
            "fiducials; compare images of one network"
        )
    means = np.stack([shift.mean(0) for shift in shifts])  # (images, k, 2)
    common = means.mean(0)
    total = _rms(np.stack([_rms(shift) for shift in shifts]), 1)
    within = [_rms(s - m) for s, m in zip(shifts, means, strict=True)]
    lengths = [
        (name, float(np.linalg.norm(shift, axis=-1).mean()))
        for (name, _), shift in zip(images, shifts, strict=True)
    ]
    return SpreadNumbers(
        level=level,
        images=len(images),
        tiles=sum(len(shift) for shift in shifts),
        shift_px=total,
        common_px=_rms(common),
        between_px=_rms(means - common),
        within_px=_rms(np.array(within), 1),
        common_share=_rms(common) ** 2 / total**2 if total > 0 else float("nan"),
        least=min(lengths, key=lambda one: one[1]),
        most=max(lengths, key=lambda one: one[1]),
    )


def _fiducial_shifts(name: str, warps: Sequence[Warp], level: int) -> Array:
    """Return a level's shifts in its own frame, (tiles, k, 2), source px."""
    some = [warp for warp in warps if warp.level == level]
    if not some:
        raise DataError(f"{name} has no warps of level {level}; use one network")
    return np.stack(
        [w.to_image_px(w.fiducials) - w.to_image_px(w.lattice) for w in some]
    )


def _rms(values: Array, numbers: int = 2) -> float:
    """Return the root mean square length of vectors of so many numbers."""
    return float(np.sqrt(np.square(values.astype(np.float64)).mean() * numbers))
