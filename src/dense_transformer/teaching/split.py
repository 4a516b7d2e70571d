"""Which annotations a run doesn't learn from, so that it can be judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.teaching.places import Place

SHARE = 0.25  # of the annotated pixels of each class
_WHOLE_PATCHES = 3  # from so many patches on, whole ones are held out
_STRIP_PX = 8  # a patch is cut if the strip is at least so wide


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A place, or a strip of a patch, that is held out.

    Attributes
    ----------
    image : int
        Index of the image.
    place : Place
        Whole, or only the part that is held out.
    """

    image: int
    place: Place


def hold_out(
    places: Sequence[tuple[int, Place]],
    *,
    share: float = SHARE,
    seed: int = 0,
    before: Sequence[tuple[int, Place]] = (),
) -> tuple[tuple[Held, ...], str]:
    """Return what to hold out of all places, and why, in words.

    Whole patches where there are three or more, else a strip of the largest; and
    whole strokes, so that about `share` of the pixels of each class is held out,
    as far as something of each class is left to learn from. Nothing is held out
    where there is only one stroke.

    Parameters
    ----------
    places : sequence of (image, Place)
        All that is annotated, with the index of its image.
    share : float
        Of the pixels of each class, roughly; 0 holds nothing out.
    seed : int
        Decides between places that are as good.
    before : sequence of (image, Place)
        Those of `places` that an earlier run held out: they are held out again,
        as the model must not be judged by what it has learned.
    """
    usable = [(image, place) for image, place in places if sum(place.pixels)]
    if share <= 0 or not usable:
        return (), "nothing is held out" if usable else "nothing is annotated"
    patches = [item for item in usable if item[1].patch is not None]
    strokes = [item for item in usable if item[1].patch is None]
    order = np.random.default_rng(seed)
    held: list[Held] = []
    said = []
    if len(patches) >= _WHOLE_PATCHES:
        chosen = _choose(patches, usable, share, order, before)
        held += [Held(*item) for item in chosen]
        said.append(f"{len(chosen)} of {len(patches)} patches")
    elif patches:
        largest = max(patches, key=lambda item: sum(item[1].pixels))
        strip = _strip(largest[1], share)
        if strip is not None:
            held.append(Held(largest[0], strip))
            said.append("a strip of the largest patch")
    if len(strokes) + bool(patches) > 1:
        chosen = _choose(strokes, usable, share, order, before)
        held += [Held(*item) for item in chosen]
        if chosen:
            said.append(f"{len(chosen)} of {len(strokes)} strokes")
    if not held:
        return (), (
            "nothing is held out, as there is only one place; annotate another, so "
            "that the result can be judged"
        )
    return tuple(held), f"held out to judge by: {' and '.join(said)}"


def _choose(
    candidates: Sequence[tuple[int, Place]],
    all_places: Sequence[tuple[int, Place]],
    share: float,
    order: np.random.Generator,
    before: Sequence[tuple[int, Place]],
) -> list[tuple[int, Place]]:
    """Return candidates that bring each class's held-out pixels near its share."""
    if not candidates:
        return []
    mixed = [candidates[i] for i in order.permutation(len(candidates))]
    pixels = np.array([place.pixels for _, place in mixed], np.float64)
    wanted = share * pixels.sum(0)
    scale = np.maximum(wanted, 1.0)  # errors count in it, so that rare classes count
    sources = np.sum([np.array(p.pixels) > 0 for _, p in all_places], axis=0)
    kept = {(image, place.section, place.box) for image, place in before}
    old = np.array([(i, p.section, p.box) in kept for i, p in mixed])
    left, got = np.ones(len(mixed), bool), np.zeros(pixels.shape[1])
    while True:
        # The last place of a class is to learn from.
        free = left & ~np.any((pixels > 0) & (sources <= 1), axis=1)
        if not free.any():
            break
        after = (np.abs(wanted - got - pixels) / scale).sum(1)
        gain = (np.abs(wanted - got) / scale).sum() - after + 1e3 * old
        best = int(np.argmax(np.where(free, gain, -np.inf)))
        if gain[best] <= 0 and not left.all():
            break  # but one at least
        left[best] = False
        got += pixels[best]
        sources = sources - (pixels[best] > 0)
    taken = {id(item[1]) for item, stays in zip(mixed, left, strict=True) if not stays}
    return [item for item in candidates if id(item[1]) in taken]


def _strip(place: Place, share: float) -> Place | None:
    """Return the last part of a patch along its longer side; None if too narrow."""
    top, left, bottom, right = place.box
    height, width = bottom - top, right - left
    along_y = height >= width
    side = max(height, width)
    strip = round(share * side)
    if strip < _STRIP_PX or side - strip < _STRIP_PX:
        return None
    box = (
        (bottom - strip, left, bottom, right)
        if along_y
        else (top, right - strip, bottom, right)
    )
    mask = place.mask[box[0] - top :, box[1] - left :]
    return Place(place.section, box, (), place.patch, mask) if mask.any() else None
