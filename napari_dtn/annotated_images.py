"""Which image layers show which annotated image: several may show the same one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dtn.sources import Source

if TYPE_CHECKING:
    from napari_dtn.annotating import Annotating

Key = tuple[Any, tuple[int, ...]]  # layer's id, indices of the axes before the stack


def key_of(source: Source) -> Key:
    """Return what tells an image on screen from all others."""
    return source.layer_id, source.lead


def layer_path(layer: Any) -> Path | None:
    """Return the file that napari has read a layer from, or None."""
    if layer is None or not layer.source.path:
        return None
    return Path(layer.source.path)


class AnnotatedImages:
    """The annotations of a project's images, once for each, however often it is open.

    Two of one image would erase each other's strokes: each keeps what it believes to
    be painted, and both write into one journal.
    """

    def __init__(self) -> None:
        self._ones: dict[str, Annotating] = {}  # by the image's name in the project
        self._names: dict[Key, str] = {}
        self._known: dict[object, str] = {}  # by the layer's id

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

    def know(self, layer_id: object, name: str) -> None:
        """Take note of the image that a layer shows, annotated or not."""
        self._known[layer_id] = name

    def known(self, layer_id: object) -> str:
        """Return the name of the image that a layer was opened for, or nothing."""
        return self._known.get(layer_id, "")

    def shown(self, layers: Iterable[Any], name: str, path: Path) -> bool:
        """Return whether one of the viewer's layers shows an image of the project."""
        for layer in layers:
            file, layer_id = layer_path(layer), layer.unique_id
            names = {self._names[key] for key in self._names if key[0] == layer_id}
            same = file is not None and file.resolve() == path.resolve()
            if same or name in names or self.known(layer_id) == name:
                return True
        return False

    def drop(self, layer_id: object) -> list[Annotating]:
        """Forget a layer that has gone; return what no other layer shows."""
        gone = {key: name for key, name in self._names.items() if key[0] == layer_id}
        for key in gone:
            del self._names[key]
        left = set(self._names.values())
        return [self._ones.pop(name) for name in set(gone.values()) - left]

    def show_only(self, now: Annotating | None, image: Any, selection: Any) -> None:
        """Hide what is painted on other images; `image` takes its place in hand."""
        for one in self:
            one.set_aside(one is not now)
            in_hand = one.layer is not None and selection.active is one.layer
            if in_hand and one is not now:
                selection.active = (now and now.layer) or image

    def clear(self) -> None:
        """Forget all."""
        self._ones.clear()
        self._names.clear()
        self._known.clear()
