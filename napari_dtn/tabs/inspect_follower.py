"""A section that computes its pictures beside the window, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout

from napari_dtn.inspect_context import InspectContext
from napari_dtn.latest import LatestWins
from napari_dtn.layers import LayerSpec
from napari_dtn.tabs.inspect_section import InspectSection

Work = Callable[[], Any]


class Follower(InspectSection):
    """Says what its result depends on, how to compute and how to show it.

    The newest order wins, so that it follows a fiducial that is dragged; what has
    not changed is not computed again.
    """

    name: ClassVar[str] = ""  # of its group of layers
    nothing: ClassVar[str] = ""  # what to say where there is nothing to show

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self._asked: Any = None  # key of what is shown or being computed
        self._worker = LatestWins(self.name, self)
        self._worker.answered.connect(self._answered)
        self._worker.failed.connect(self._failed)
        self.words = plain_label(f"{self.title}: in words")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(8, 0, 0, 6)
        self.column.setSpacing(4)

    # for the sections

    def order(self) -> tuple[Any, Work] | None:
        """Return what the result depends on and what computes it in another thread.

        None: there is nothing to show. The first is compared part by part: arrays
        and other values by identity, plain values and tuples as such.
        """
        raise NotImplementedError

    def show_result(self, result: Any) -> None:
        """Show what was computed."""
        raise NotImplementedError

    def place(self, specs: Iterable[LayerSpec]) -> None:
        """Show these layers of the section, and no others."""
        if (source := self.context.source) is not None:
            self.context.group(self.name).show(specs, source)

    def remover(self) -> QPushButton:
        """Return the button that takes the layers away."""
        button = QPushButton("Remove these layers")
        button.setToolTip("Take what this part has drawn out of the viewer.")
        button.setAccessibleName(f"{self.title}: remove its layers")
        button.clicked.connect(lambda: self.context.group(self.name).remove())
        return button

    # for the tab

    @property
    def busy(self) -> bool:
        """Whether it computes or draws."""
        return self._worker.busy or self.context.group(self.name).busy

    def refresh(self) -> None:
        """Compute again if what the result depends on has changed."""
        order = self.order()
        if order is None:
            self.clear()
            return
        key, work = order
        if not same(key, self._asked):
            self._asked = key
            self._worker.ask(key, work)

    def clear(self) -> None:
        """Show nothing, compute nothing."""
        self._worker.shut_down()
        self._asked = None
        there = self.active and self.context.look is not None
        self.words.setText(self.nothing if there else "")
        self.context.group(self.name).remove()

    def shut_down(self) -> None:
        """Compute and draw no more. May be called twice."""
        self.active = False
        self._worker.shut_down()

    def _answered(self, key: Any, result: Any) -> None:
        if self.active:
            self.show_result(result)

    def _failed(self, key: Any, error: Exception) -> None:
        self._asked = None
        if self.active:
            self.context.fail(error)


def plain_label(name: str) -> QLabel:
    """Return a label for sentences, to be read, selected and read aloud."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAccessibleName(name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def same(key: Any, other: Any) -> bool:
    """Return whether two keys are the same; arrays are by identity."""
    if isinstance(key, tuple) and isinstance(other, tuple):
        return len(key) == len(other) and all(map(same, key, other))
    plain = (str, int, float, bool, type(None))
    if isinstance(key, plain) and isinstance(other, plain):
        return key == other
    return key is other
