"""A lesson as the network sees it: pixels and labels around annotated places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.data import DataSet, Pair
from dense_transformer.errors import DataError
from dense_transformer.inference.source import open_model_view
from dense_transformer.teaching.annotations import Annotations
from dense_transformer.teaching.boxes import grow, holds, merge, surround
from dense_transformer.teaching.places import find_places
from dense_transformer.teaching.sampling import Spot
from dense_transformer.teaching.sparse_labels import SparseLabels
from dense_transformer.teaching.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from dense_transformer.inference.source import NetworkView
    from dense_transformer.teaching.snapshot import Example, Lesson
    from dense_transformer.types import Array, Box, Image
    from dense_transformer.zoo import Model

MOST_HELD_OUT = 16  # windows; more would take longer than they tell


@dataclass(frozen=True, slots=True, eq=False)
class LessonData:
    """What a run learns from and is judged by, in network pixels.

    Attributes
    ----------
    spots : tuple of Spot
        Annotated places; spots of one piece of image share its pixels.
    held_out : tuple of Pair
        Pieces of image with the labels that are held out.
    windows : tuple of Pair
        Pieces of the images from all over, without labels.
    hashes : tuple of (str, str)
        Images and the fingerprints of what was annotated.
    patched : float
        Share of what is held out that lies in patches, 0 to 1.
    """

    spots: tuple[Spot, ...]
    held_out: tuple[Pair, ...]
    windows: tuple[Pair, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    patched: float = 0.0

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pieces of image that spots lie in, each once."""
        return tuple({id(spot.pair): spot.pair for spot in self.spots}.values())

    @property
    def data_set(self) -> DataSet:
        """All of it, as a training describes it and is judged by it."""
        return DataSet(self.pairs, self.held_out, self.hashes)


def open_lesson(
    lesson: Lesson,
    model: Model,
    patch: tuple[int, int],
    pause: Callable[[], None] | None = None,
) -> LessonData:
    """Return a lesson as a model sees it, at its pixel size and normalised as a whole.

    Parameters
    ----------
    lesson : Lesson
        Frozen annotations.
    model : Model
        Its card tells the pixel size.
    patch : tuple of int
        Height and width of training patches, network px; as far around each place
        the image is read too.
    pause : callable, optional
        Called between sections; may raise to end it all.

    Raises
    ------
    DataError
        If nothing is left to learn from, or the classes aren't the model's.
    ProjectError, ImageError
        If an image isn't what it was, or can't be read.
    """
    if len(lesson.classes) != len(model.card.classes):
        raise DataError(
            f"annotations of {len(lesson.classes)} classes {lesson.classes} for a "
            f"model of {model.card.classes}; choose another model"
        )
    spots: list[Spot] = []
    held: list[Pair] = []
    images: dict[str, Image] = {}  # to know one again takes reading all of it
    for example in lesson.examples:
        if pause is not None:
            pause()
        if example.name not in images:
            images[example.name] = example.open_image()
        image = images[example.name]
        view = open_model_view(model, image, example.section)
        spots += _spots(example, lesson.classes, view, patch)
        held += _held_out(example, lesson.classes, view, model.card.patch)
    if not spots:
        raise DataError("nothing is left to learn from; annotate another place")
    prints = {e.entry.name: e.entry.fingerprint for e in lesson.examples}
    return LessonData(
        tuple(spots),
        thin_out(held),
        survey(lesson, model, model.card.patch, pause=pause),
        tuple(sorted(prints.items())),
        _share_in_patches(lesson),
    )


def _share_in_patches(lesson: Lesson) -> float:
    """Return the share of what is held out that lies in patches."""
    inside = held = 0
    for example in lesson.examples:
        left = example.validation > 0
        held += int(left.sum())
        for patch in example.patches:
            top, bottom = patch.box[0], patch.box[2]
            cut = left[top:bottom, patch.box[1] : patch.box[3]]
            inside += int(cut.sum())
            cut[...] = False  # another patch may lie there, too
    return inside / max(1, held)


def thin_out(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Return at most `MOST_HELD_OUT` of the pairs, evenly through them."""
    count = min(len(pairs), MOST_HELD_OUT)
    return tuple(pairs[i * len(pairs) // count] for i in range(count))


def _spots(
    example: Example,
    classes: tuple[str, ...],
    view: NetworkView,
    patch: tuple[int, int],
) -> list[Spot]:
    """Return the places of one section that are to be learned from."""
    painted = Annotations(SparseLabels.of(example.training), (), classes)
    boxes = [view.to_network(box) for box in _boxes(painted, example)]
    windows = merge([grow(box, patch, view.size) for box in boxes])
    pairs = [
        Pair(
            f"{example.name} {example.section} {window}",
            view.read(window),
            labels_in(view, example.training, window),
        )
        for window in windows
    ]
    spots = []
    for box in boxes:
        at = next(i for i, window in enumerate(windows) if holds(window, box))
        top, left = windows[at][:2]
        inner = (box[0] - top, box[1] - left, box[2] - top, box[3] - left)
        cut = pairs[at].labels[inner[0] : inner[2], inner[1] : inner[3]]
        if cut.any():
            spots.append(Spot(pairs[at], inner))
    return spots


def _boxes(painted: Annotations, example: Example) -> list[Box]:
    """Return boxes of patches, and of strokes outside them, with labels inside."""
    rest = np.array(painted.labels[0])
    boxes = []
    for patch in example.patches:
        top, left, bottom, right = patch.box
        cut = rest[top:bottom, left:right]
        rows, columns = (np.flatnonzero(cut.any(axis)) for axis in (1, 0))
        if not rows.size:
            continue
        boxes.append(  # a part may be held out, or belong to another patch
            (
                top + int(rows[0]),
                left + int(columns[0]),
                top + int(rows[-1]) + 1,
                left + int(columns[-1]) + 1,
            )
        )
        cut[...] = 0
    strokes = Annotations(SparseLabels.of(rest), (), painted.classes)
    return [*boxes, *(place.box for place in find_places(strokes))]


def _held_out(
    example: Example,
    classes: tuple[str, ...],
    view: NetworkView,
    patch: tuple[int, int],
) -> list[Pair]:
    """Return what is held out on one section, in windows of at least one patch."""
    pairs = []
    claimed = np.zeros(example.labels.shape, bool)  # a pixel is scored once
    painted = Annotations(SparseLabels.of(example.validation), (), classes)
    for source in _boxes(painted, example):
        window = surround(view.to_network(source), patch, view.size)
        inside = np.zeros_like(claimed)
        inside[source[0] : source[2], source[1] : source[3]] = True
        labels = np.where(inside & ~claimed, example.validation, np.uint8(0))
        claimed |= inside
        cut = labels_in(view, labels, window)
        if cut.any():
            pairs.append(Pair(f"{example.name} {window}", view.read(window), cut))
    return pairs


def labels_in(view: NetworkView, labels: Array, window: Box) -> Array:
    """Return the labels (h, w) of a window, network px, of source labels.

    Where pixels are joined, the class with most annotated ones counts, however few
    they are: a thin stroke doesn't vanish. Where they are split, all parts count.
    """
    top, left, bottom, right = window
    axes = []
    for start, stop, scale, length in zip(
        (top, left), (bottom, right), view.scale, labels.shape, strict=True
    ):
        first = np.floor(start * scale).astype(int)
        last = int(min(length, np.ceil(stop * scale)))
        if scale <= 1:  # split, or the same
            picks = np.floor((np.arange(start, stop) + 0.5) * scale).astype(int)
            axes.append((np.minimum(picks, length - 1), np.arange(stop - start)))
        else:
            picks = np.arange(first, last)
            target = np.floor((picks + 0.5) / scale).astype(int) - start
            kept = (target >= 0) & (target < stop - start)
            axes.append((picks[kept], target[kept]))
    (rows, to_rows), (columns, to_columns) = axes
    cut = labels[rows[:, None], columns]
    y, x = np.nonzero(cut)
    votes = np.zeros((int(cut.max(initial=1)), bottom - top, right - left), np.int32)
    np.add.at(votes, (cut[y, x].astype(int) - 1, to_rows[y], to_columns[x]), 1)
    best = votes.argmax(0) + 1
    return np.where(votes.any(0), best, 0).astype(np.uint8)
