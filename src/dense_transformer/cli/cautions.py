"""What a person should mind before they trust a result, said once for each cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dense_transformer.cli.console import note

if TYPE_CHECKING:
    from dense_transformer.types import Image
    from dense_transformer.zoo import Model


class Cautions:
    """Says where a model wasn't made for an image; the same words only once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._said: set[str] = set()

    def say(
        self, image: Image, section: int, pixel_nm: tuple[float, float] | None
    ) -> None:
        """Note what is amiss with a section, unless it was said of one before.

        Raises
        ------
        ImageError
            If the section can't be read.
        """
        from dense_transformer.inference import mismatch

        words = mismatch(self._model, image, pixel_nm, section)
        if words and words not in self._said:
            self._said.add(words)
            note(f"dtn: {image.name}: mind: {words}")
