"""What is looked at: image, model, level and tile, and one sentence about it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_dtn.forms import narrow
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_words import describe_warp
from napari_dtn.tabs.mirror import MirrorCombo

FAMILIES = {
    "tps": "thin-plate spline",
    "affine": "affine",
    "projective": "projective",
    "attention": "zoom and shift",
    "translation": "shift",
}
PLAIN = (
    "This model is a plain U-Net: it bends nothing, so there is no warp to see. "
    "Choose a DTN as model, such as em-membrane-dtn or road-dtn."
)
NOTHING = "Open an image to look at."


class InspectHeader(QWidget):
    """Image and model are those of the Predict tab; level and tile are chosen here.

    Parameters
    ----------
    context : InspectContext
        What is looked at.
    predict : PredictForm
        The tab whose image and model these are.
    """

    def __init__(self, context: InspectContext, predict: Any) -> None:
        super().__init__()
        self._context, self._models = context, predict.models
        self.image = MirrorCombo(predict.images.combo)
        self.model = MirrorCombo(predict.models.combo)
        self.image.setToolTip("The image to look at; the same as in Predict.")
        self.model.setToolTip("The network to look into; the same as in Predict.")
        self.level = QComboBox()
        self.level.setAccessibleName("Level")
        self.level.setToolTip(
            "Level of the network whose transformer is drawn. Deeper levels see "
            "larger units, and are drawn through the bends of the levels above them."
        )
        self.tiles = TileStepper()
        self.caution = QLabel()
        self.caution.setWordWrap(True)
        self.caution.setAccessibleName("What is amiss")
        self.caution.setStyleSheet("color: #ffb000")
        self.caution.setVisible(False)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setAccessibleName("What is looked at")
        self.sentence.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self._lay_out()
        self.level.activated.connect(self._level_chosen)
        self.tiles.chosen.connect(context.choose_tile)
        signals = (context.changed, context.looked, context.level_changed)
        for signal in signals:
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is looked at now."""
        context = self._context
        with QSignalBlocker(self.level):
            self.level.clear()
            for warp in context.look.warps if context.look else ():
                family = FAMILIES.get(warp.family, warp.family)
                self.level.addItem(f"Level {warp.level}: {family}", warp.level)
            self.level.setCurrentIndex(self.level.findData(context.level))
        self.level.setEnabled(self.level.count() > 1)
        count = 0 if context.session is None else len(context.session.tiles)
        self.tiles.show_tile(context.tile, count)
        self.sentence.setText(self._words(count))
        words = self._amiss()
        self.caution.setText(words)
        self.caution.setVisible(bool(words))

    def _words(self, count: int) -> str:
        context = self._context
        if context.look is None or context.source is None:
            return NOTHING if context.request is None else ""
        chain = context.chain
        if chain is None or context.level is None:
            return PLAIN
        size = context.request.config.pixel_nm or context.source.image.pixel_nm
        nm = None if size is None else float(sum(size)) / 2
        changed = self._changed()
        return describe_warp(chain, context.level, context.tile, count, nm, changed)

    def _amiss(self) -> str:
        """Return why model and image may not belong together; empty if they do."""
        context, model = self._context, self._models.model()
        if context.look is None or context.request is None or model is None:
            return ""
        if model.card is None or model.key != context.request.model:
            return ""
        from dense_transformer.inference import mismatch

        source, size = context.request.source, context.request.config.pixel_nm
        return mismatch(model.card, source.image, size)

    def _changed(self) -> str:
        """Return how the warp that is drawn differs from the learned one."""
        context = self._context
        if context.strength != 1.0:
            return f"at strength {context.strength:.2f}"
        here = context.tile_px
        mine = [e for e in context.edits if e.tile_px in (None, here)]
        return "as you changed it," if mine else ""

    def _level_chosen(self, row: int) -> None:
        self._context.choose_level(self.level.itemData(row))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = [
            ("&Image", self.image), ("&Model", self.model),
            ("&Level", self.level), ("&Tile", self.tiles),
        ]  # fmt: skip
        for text, widget in rows:
            label = QLabel(text)
            label.setBuddy(widget)
            label.setToolTip(widget.toolTip())
            form.addRow(label, widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.caution)
        layout.addWidget(self.sentence)


class TileStepper(QWidget):
    """A number between two buttons: the network sees an image tile by tile."""

    chosen = Signal(int)  # from 0

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip(
            "The network sees the image in tiles, and bends each in its own way. "
            "Click in the image to choose the tile there."
        )
        self.back, self.on = QPushButton("◀"), QPushButton("▶")
        self.back.setAccessibleName("Tile before")
        self.on.setAccessibleName("Next tile")
        self.back.setToolTip("Look at the tile before.")
        self.on.setToolTip("Look at the next tile.")
        self.number = QSpinBox()
        self.number.setAccessibleName("Tile")
        self.number.setToolTip(self.toolTip())
        self.number.setKeyboardTracking(False)
        narrow(self.number)
        self.of = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.back, self.on):
            widget.setFixedWidth(30)
        for widget in (self.back, self.number, self.of, self.on):
            row.addWidget(widget)
        row.addStretch()
        self.setFocusProxy(self.number)
        self.back.clicked.connect(lambda: self.number.stepDown())
        self.on.clicked.connect(lambda: self.number.stepUp())
        self.number.valueChanged.connect(lambda value: self.chosen.emit(value - 1))
        self.show_tile(0, 0)

    def show_tile(self, tile: int, count: int) -> None:
        """Show which tile (from 0) of how many is looked at."""
        with QSignalBlocker(self.number):
            self.number.setRange(min(1, count), count)
            self.number.setValue(tile + 1)
        self.of.setText(f"of {count}")
        self.setEnabled(count > 1)
