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
    pixels = np.array([place.pixels for _, place in candidates], np.float64)
    wanted = share * pixels.sum(0)
    sources = np.sum([np.array(p.pixels) > 0 for _, p in all_places], axis=0)
    kept = {(image, place.section, place.box) for image, place in before}
    chosen: list[int] = []
    got = np.zeros(pixels.shape[1])
    rest = list(order.permutation(len(candidates)))
    while rest:
        best, gain = -1, 0.0
        for index in rest:
            image, place = candidates[index]
            has = pixels[index] > 0
            if np.any(has & (sources <= 1)):
                continue  # the last place of a class is to learn from
            old = (image, place.section, place.box) in kept
            # Errors count in units of what is wanted, so that rare classes count.
            scale = np.maximum(wanted, 1.0)
            error = np.abs(wanted - got) / scale
            after = np.abs(wanted - got - pixels[index]) / scale
            better = float((error - after).sum()) + (1e3 if old else 0.0)
            if not chosen and best < 0 and better <= 0:
                better = 1e-9 / (1.0 + float(after.sum()))  # one at least
            if better > gain:
                best, gain = index, better
        if best < 0:
            break
        rest.remove(best)
        chosen.append(best)
        got += pixels[best]
        sources = sources - (pixels[best] > 0)
    return [candidates[i] for i in sorted(chosen)]


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
