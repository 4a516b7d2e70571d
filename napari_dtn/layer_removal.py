"""Takes layers out of the viewer without ending the process.

When two layers go before the canvas is drawn again, the next drawing reads graphics
memory that is already freed: napari 0.9.2 with vispy 0.17 ends in glDrawArrays, with
Mesa nearly each time and on Windows at times (napari issues 6472 and 8471). Nothing
is freed while somebody holds what draws the layer, so that is held until the viewer
is gone: some kilobytes for lines, the pixels of a picture.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

_HELD: dict[int, list[Any]] = {}


def take_away(viewer: Any, layers: Iterable[Any]) -> None:
    """Remove layers from a viewer."""
    for layer in list(layers):
        if id(viewer) not in _HELD:
            _HELD[id(viewer)] = []
            weakref.finalize(viewer, _HELD.pop, id(viewer), None)
        _HELD[id(viewer)].extend(_drawers(layer))
        viewer.layers.remove(layer)


def _drawers(layer: Any) -> list[Any]:
    """Return the objects that listen to a layer's new data: those that draw it."""
    listeners = [
        c[0]() for c in layer.events.set_data.callbacks if isinstance(c, tuple)
    ]
    return [listener for listener in listeners if listener is not None]
