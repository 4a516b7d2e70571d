"""A lesson as a network would see it larger or smaller."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dense_transformer.teaching.lesson_data import LessonData, open_lesson
from dense_transformer.teaching.survey import survey
from dense_transformer.zoo import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dense_transformer.teaching.snapshot import Lesson
    from dense_transformer.types import Array

LOOKS = 8  # windows to tell a zoom by


class LessonViews:
    """A lesson at one zoom after the other; what was opened last is kept.

    Parameters
    ----------
    lesson : Lesson
        Frozen annotations.
    model : Model
        Its card tells the pixel size, and the zoom that counts as 1.
    patch : tuple of int
        Height and width of training patches, network px.
    pause : callable, optional
        Called between images; may raise to end it all.
    """

    def __init__(
        self,
        lesson: Lesson,
        model: Model,
        patch: tuple[int, int],
        pause: Callable[[], None] | None = None,
    ) -> None:
        self.lesson, self.model, self.patch, self.pause = lesson, model, patch, pause
        self._last: tuple[float, LessonData] | None = None

    def model_at(self, zoom: float) -> Model:
        """Return the model with the card of one that sees images so much larger."""
        card = self.model.card
        if zoom == 1:
            return self.model
        return dataclasses.replace(
            self.model, card=dataclasses.replace(card, zoom=card.zoom * zoom)
        )

    def at(self, zoom: float) -> LessonData:
        """Return the lesson at a zoom; raises what `open_lesson` does."""
        if self._last is None or self._last[0] != zoom:
            self._last = None  # two would take twice the memory
            self._last = zoom, self.open(zoom)
        return self._last[1]

    def open(self, zoom: float) -> LessonData:
        """Return the lesson at a zoom, for a while: it isn't kept here."""
        seen = self.model_at(zoom)
        return open_lesson(self.lesson, seen, self.patch, self.pause)

    def look(self, zoom: float) -> Sequence[Array]:
        """Return some pieces (c, h, w) of the images, from all over, at a zoom."""
        pairs = survey(
            self.lesson, self.model_at(zoom), self.patch, LOOKS, pause=self.pause
        )
        return [pair.pixels for pair in pairs]
