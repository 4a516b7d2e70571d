"""Inspect: the prediction of the tile, shared by the sections that change it."""

from __future__ import annotations

from qtpy.QtCore import QObject, QSignalBlocker, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_results import describe_change, result_specs
from napari_dtn.tabs.inspect_follower import plain_label

BOXES = (
    ("found", "Prediction of this tile", "What the network finds in the tile, with "
     "its warp as it is now; orange to yellow.", True),
    ("change", "Change from the learned one", "Where the prediction is higher (red) "
     "or lower (blue) than with the warp that was learned.", False),
)  # fmt: skip


class TileResults(QObject):
    """Draws prediction and change of the tile while any section wants them."""

    chosen = Signal()  # other layers are wanted

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self._context = context
        self._group = context.group("result")
        self._users: set[object] = set()
        self.roles = {role for role, _, _, on in BOXES if on}
        context.looked.connect(self.draw)
        context.changed.connect(self.draw)
        self._group.placed.connect(self._placed)
        self._group.deleted.connect(lambda role: self.choose(role, False))

    def use(self, user: object, wanted: bool) -> None:
        """Draw while there is a user."""
        (self._users.add if wanted else self._users.discard)(user)
        self.draw()

    def choose(self, role: str, wanted: bool) -> None:
        """Draw `role`, or no more."""
        (self.roles.add if wanted else self.roles.discard)(role)
        self.chosen.emit()
        self.draw()

    def draw(self) -> None:
        """Show the tile's result as it is now."""
        context = self._context
        look, learned, source = context.look, context.learned, context.source
        if not self._users or look is None or learned is None or source is None:
            if not self._users:
                self._group.remove()
            return
        specs = result_specs(look, learned, source, self.roles)
        shown = {layer.data.shape for layer in self._group.layers()}
        there = all(self._group.layer(spec.role) is not None for spec in specs)
        same_place = all(
            (layer.translate == spec.frame["translate"]).all()
            for spec in specs
            if (layer := self._group.layer(spec.role)) is not None
        )
        if there and same_place and shown == {spec.data.shape for spec in specs}:
            self._group.bend(specs)
        else:
            self._group.show(specs, source)

    def _placed(self) -> None:
        if (source := self._context.source) is not None:
            self._group.lay_under(source)
            self._context.group("seen").lay_under(source)


class ResultBoxes(QWidget):
    """What to draw of the result, and a sentence about it; the same in all sections."""

    def __init__(self, context: InspectContext, results: TileResults) -> None:
        super().__init__()
        self._context, self._results = context, results
        self.boxes: dict[str, QCheckBox] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for role, text, words, _ in BOXES:
            box = QCheckBox(text)
            box.setToolTip(words)
            box.toggled.connect(lambda on, role=role: results.choose(role, on))
            layout.addWidget(box)
            self.boxes[role] = box
        self.words = plain_label("What changed")
        self.words.setMinimumHeight(3 * self.words.fontMetrics().lineSpacing())
        layout.addWidget(self.words)
        results.chosen.connect(self._follow)
        context.looked.connect(self._say)
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        """Say what is there already."""
        super().showEvent(event)
        self._say()

    def _follow(self) -> None:
        for role, box in self.boxes.items():
            with QSignalBlocker(box):
                box.setChecked(role in self._results.roles)

    def _say(self) -> None:
        look, learned = self._context.look, self._context.learned
        if self.isVisible() and look is not None and learned is not None:
            self.words.setText(describe_change(look, learned))
