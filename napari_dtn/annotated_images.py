"""Which image layers show which annotated image: several may show the same one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from napari_dtn.sources import Source

if TYPE_CHECKING:
    from napari_dtn.annotating import Annotating

Key = tuple[Any, tuple[int, ...]]  # layer's id, indices of the axes before the stack


def key_of(source: Source) -> Key:
    """Return what tells an image on screen from all others."""
    return source.layer_id, source.lead


class AnnotatedImages:
    """The annotations of a project's images, once for each, however often it is open.

    Two of one image would erase each other's strokes: each keeps what it believes to
    be painted, and both write into one journal.
    """

    def __init__(self) -> None:
        self._ones: dict[str, Annotating] = {}  # by the image's name in the project
        self._names: dict[Key, str] = {}

    def __iter__(self) -> Iterator[Annotating]:
        return iter(list(self._ones.values()))

    def of(self, key: Key | None) -> Annotating | None:
        """Return the annotations of what a layer shows, or None."""
        return None if key is None else self._ones.get(self._names.get(key, ""))

    def named(self, name: str) -> Annotating | None:
        """Return the annotations of an image of the project, or None."""
        return self._ones.get(name)

    def add(self, key: Key, one: Annotating) -> None:
        """Take note that a layer shows an annotated image."""
        self._ones[one.entry.name] = one
        self._names[key] = one.entry.name

    def shows(self, layer_id: object, name: str) -> bool:
        """Return whether a layer shows an annotated image."""
        return any(
            key[0] == layer_id and other == name for key, other in self._names.items()
        )

    def drop(self, layer_id: object) -> list[Annotating]:
        """Forget a layer that has gone; return what no other layer shows."""
        gone = {key: name for key, name in self._names.items() if key[0] == layer_id}
        for key in gone:
            del self._names[key]
        left = set(self._names.values())
        return [self._ones.pop(name) for name in set(gone.values()) - left]

    def clear(self) -> None:
        """Forget all."""
        self._ones.clear()
        self._names.clear()
