"""Windows from all over the images of a lesson, annotated or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.data import Pair
from dense_transformer.inference.source import open_model_view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dense_transformer.teaching.snapshot import Example, Lesson
    from dense_transformer.types import Image
    from dense_transformer.zoo import Model

WINDOWS = 24
SECTIONS = 6  # of them in one image, at most
_GOLDEN = (5**0.5 - 1) / 2


def survey(
    lesson: Lesson,
    model: Model,
    size: tuple[int, int],
    count: int = WINDOWS,
    *,
    pause: Callable[[], None] | None = None,
) -> tuple[Pair, ...]:
    """Return windows as a model sees them, spread evenly; without labels.

    Parameters
    ----------
    lesson : Lesson
        Its images are looked at, also on sections without annotations.
    model : Model
        Its card tells the pixel size.
    size : tuple of int
        Height and width of a window, network px.
    count : int
        Windows; the same ones each time.
    pause : callable, optional
        Called between sections; may raise to end it all.

    Raises
    ------
    ProjectError, ImageError
        If an image isn't there, or can't be read.
    """
    images = {example.entry.name: example for example in lesson.examples}
    places = [
        (image, section)
        for example in images.values()
        for image in [example.open_image(check=False)]  # `open_lesson` did
        for section in _sections(image, example, lesson.examples)
    ]
    windows = []
    for index, (image, section) in enumerate(places):
        if pause is not None:
            pause()
        view = open_model_view(model, image, section)
        first, last = (count * i // len(places) for i in (index, index + 1))
        for number in range(first, max(last, first + 1)):
            y = round((number * _GOLDEN % 1) * max(0, view.size[0] - size[0]))
            x = round((number * _GOLDEN**2 % 1) * max(0, view.size[1] - size[1]))
            pixels = view.read((y, x, y + size[0], x + size[1]))
            labels = np.zeros(size, np.uint8)
            windows.append(Pair(f"{image.name} {section} {y} {x}", pixels, labels))
    return tuple(windows)


def _sections(
    image: Image, example: Example, examples: Sequence[Example]
) -> tuple[int, ...]:
    """Return sections of an image: some that are annotated, and some from all over."""
    annotated = [e.section for e in examples if e.entry.name == example.entry.name]
    even = [round(z) for z in np.linspace(0, image.sections - 1, SECTIONS)]
    near = annotated[:: -(-len(annotated) // (SECTIONS // 2))]
    chosen = dict.fromkeys([*near, *even])
    return tuple(sorted(list(chosen)[:SECTIONS]))
