"""Which annotations a run doesn't learn from, so that it can be judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.teaching.places import Place

SHARE = 0.25  # of the annotated pixels of each class
MOST = 12  # places that are cut; to judge by more takes longer than it tells
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

    A strip of each patch and the end of each stroke: all places have something to
    teach, and all classes something to judge by (measured in
    ``docs/teach-study.md``). Of many places only some are cut. Where none is long
    enough to be cut, whole ones are held out, as far as something of each class is
    left to learn from; nothing where there is only one.

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
    order = np.random.default_rng(seed)
    kept = {(image, place.section, place.box) for image, place in before}
    mixed = [usable[i] for i in order.permutation(len(usable))]
    cuts = [(image, place, _strip(place, share)) for image, place in mixed]
    long = [(image, place, strip) for image, place, strip in cuts if strip is not None]
    again = [cut for cut in long if (cut[0], cut[1].section, cut[1].box) in kept]
    fair = _leave_half(again, [cut for cut in long if cut not in again], usable)
    if fair:
        held = tuple(Held(image, strip) for image, _, strip in fair)
        patches = sum(strip.patch is not None for _, _, strip in fair)
        strokes = len(fair) - patches
        said = [f"a strip of {_many(patches, 'patch', 'patches')}"] if patches else []
        said += [f"the end of {_many(strokes, 'stroke', 'strokes')}"] if strokes else []
        return held, f"held out to judge by: {' and '.join(said)}"
    chosen = _choose(usable, usable, share, order, before) if len(usable) > 1 else []
    if not chosen:
        return (), (
            "nothing is held out, as there is only one place; annotate another, so "
            "that the result can be judged"
        )
    said = [f"{len(chosen)} of {len(usable)} places"]
    return tuple(Held(*item) for item in chosen), f"held out to judge by: {said[0]}"


def _many(count: int, one: str, more: str) -> str:
    return f"each of {count} {more}" if count > 1 else f"a {one}"


def _leave_half(
    again: Sequence[tuple[int, Place, Place]],
    others: Sequence[tuple[int, Place, Place]],
    usable: Sequence[tuple[int, Place]],
) -> list[tuple[int, Place, Place]]:
    """Return cuts: those of before, then of the class that has least held out.

    Half of each class at least stays to learn from.
    """
    total = np.sum([place.pixels for _, place in usable], axis=0, dtype=np.float64)
    got = np.zeros_like(total)
    fair: list[tuple[int, Place, Place]] = []
    first = len(again)
    left = [(cut, np.array(cut[2].pixels)) for cut in (*again, *others)]
    while left and len(fair) < MOST:
        rare = int(np.argmin(np.where(total > 0, got / np.maximum(total, 1), np.inf)))
        at = next((i for i, (_, part) in enumerate(left) if part[rare] > 0), 0)
        cut, part = left.pop(0 if first > 0 else at)
        first -= 1
        if np.all(got + part <= 0.5 * total):
            got += part
            fair.append(cut)
    return fair


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
    """Return the last part of a place along its longer side; None if too narrow."""
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
    labels = place.labels[box[0] - top :, box[1] - left :]
    counts = np.bincount(labels.ravel(), minlength=len(place.pixels) + 1)[1:]
    if not counts.any():
        return None
    pixels = tuple(int(n) for n in counts)
    return Place(place.section, box, pixels, place.patch, labels)
