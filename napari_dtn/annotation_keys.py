"""Keys of the annotation layer, and what they do.

They hold on that layer alone, while it is selected. napari gives the plain digits
to its tools (1 erases, 2 paints ...), so classes are chosen with Ctrl.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from napari_dtn.annotation_layer import AS_PREDICTED

if TYPE_CHECKING:
    from napari_dtn.annotating import Annotating

UNDO, REDO = "Control-Z", "Control-Shift-Z"
NEXT_CLASS, NEXT_PLACE, TOGGLE, DRAW = "Q", "N", "T", "D"
PREDICTED = "Control-0"
MOST = 9  # classes with a key

# What napari's own keys do on a layer of labels, for the panel.
TOOLS = {"paint": "P", "polygon": "3", "fill": "F", "erase": "E", "pan_zoom": "Z"}
SMALLER, LARGER = "[", "]"


def class_key(label: int) -> str:
    """Return the key that chooses a class by its label; empty if it has none."""
    return f"Control-{label}" if 1 <= label <= MOST else ""


def spelled(key: str) -> str:
    """Return a key as people write it."""
    return key.replace("Control", "Ctrl").replace("-", "+")


def bind_keys(one: Annotating, others: Mapping[str, Callable[[], None]]) -> None:
    """Bind the keys to the layer of `one`; `others` are those of other sections."""
    layer = one.layer
    actions: dict[str, Callable[[], Any]] = {
        UNDO: one.undo,
        REDO: one.redo,
        NEXT_CLASS: lambda: choose_next(layer, len(one.classes)),
        PREDICTED: lambda: choose(layer, AS_PREDICTED),
        **others,
    }
    for label in range(1, min(len(one.classes), MOST) + 1):
        actions[class_key(label)] = _chooser(layer, label)
    for key, action in actions.items():
        layer.bind_key(key, _bound(action), overwrite=True)


def choose(layer: Any, label: int) -> None:
    """Choose what the brush paints; takes up the brush if no tool paints."""
    layer.selected_label = label
    if str(layer.mode) not in ("paint", "polygon", "fill"):
        layer.mode = "paint"


def choose_next(layer: Any, classes: int) -> None:
    """Choose the class after the chosen one, and the first after the last."""
    now = layer.selected_label
    choose(layer, now % classes + 1 if now <= classes else 1)


def _chooser(layer: Any, label: int) -> Callable[[], None]:
    return lambda: choose(layer, label)


def _bound(action: Callable[[], Any]) -> Callable[[Any], None]:
    def run(layer: Any) -> None:
        action()

    return run
