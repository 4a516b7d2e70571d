"""Inspect: the image as the network sees it, from identity to learned and beyond."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QSignalBlocker, Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_layers import redraw
from napari_dtn.inspect_results import warped_spec
from napari_dtn.latest import LatestWins
from napari_dtn.tabs.inspect_results import ResultBoxes, TileResults
from napari_dtn.tabs.inspect_section import InspectSection

STEPS = 150  # of the slider; 100 is as learned
STEP_MS, STEP = 120, 5  # of the film


class SeenSection(InspectSection):
    """Shows the warped image of the tile, and how strong the warp is taken."""

    title = "The image as the network sees it"
    hint = "The warped image, and what if the warp were weaker or stronger."

    def __init__(self, context: InspectContext, results: TileResults) -> None:
        super().__init__(context)
        self.group = context.group("seen")
        self._results = results
        self._worker = LatestWins("seen", self)
        self._worker.answered.connect(self._show)
        self._worker.failed.connect(lambda order, error: context.fail(error))
        self.warped = QCheckBox("Warped image")
        self.warped.setChecked(True)
        self.warped.setToolTip(
            "The tile as the layers below the transformer get to see it, laid over "
            "the image: what the warp magnifies is larger here, black is not read. "
            "The prediction lies in the image itself: untick this to compare them."
        )
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setValue(100)
        self.slider.setTickInterval(50)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setAccessibleName("Strength of the warp")
        self.slider.setToolTip(
            "0: no warp at all, as in a plain U-Net. 1: as learned. Up to 1.5: "
            "further than learned. The network runs again with it."
        )
        self.value = QLabel("1.00")
        self.play = QPushButton("▶")
        self.play.setFixedWidth(30)
        self.play.setCheckable(True)
        self.play.setAccessibleName("Play from identity to learned")
        self.play.setToolTip("Play from identity (0) to learned (1) and back.")
        self.boxes = ResultBoxes(context, results)
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)
        self._lay_out()
        self.slider.valueChanged.connect(self._moved)
        self.warped.toggled.connect(self._refresh)
        self.play.toggled.connect(self._played)
        self.group.placed.connect(self._placed)
        self.group.deleted.connect(lambda role: self.warped.setChecked(False))
        context.changed.connect(self._follow)

    def set_active(self, active: bool) -> None:
        """Draw the prediction too; at rest the warp is as learned."""
        super().set_active(active)
        self._results.use(self, active)
        if not active:
            self.context.set_strength(1.0)
            self._follow()

    @property
    def busy(self) -> bool:
        """Whether the image is being warped."""
        return self._worker.busy

    def refresh(self) -> None:
        """Warp the image again."""
        self.bend()

    def bend(self) -> None:
        """Warp the image as it is now; the newest order wins."""
        session, chain = self.context.session, self.context.chain
        if session is None or chain is None or not self.warped.isChecked():
            self._worker.shut_down()
            self.group.remove()
            return
        tile, level = self.context.tile, self.context.level
        self._worker.ask(chain, lambda: _warped(session, tile, chain, level))

    def clear(self) -> None:
        """Take the warped image away."""
        self.play.setChecked(False)
        self._worker.shut_down()
        self.group.remove()

    def shut_down(self) -> None:
        """Let go. May be called twice."""
        self._worker.shut_down()
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()

    def _show(self, chain: Any, pixels: np.ndarray) -> None:
        source = self.context.source
        if not self.active or source is None or not self.warped.isChecked():
            return
        scale = chain.warps[0].image_scale
        spec = warped_spec(pixels, chain.tile_px, scale, source)
        layer: Any = self.group.layer("seen")
        placed = layer is not None and np.allclose(
            layer.translate, spec.frame["translate"]
        )
        if placed and layer.data.shape == spec.data.shape:
            redraw(layer, spec.data)
        elif not self.group.busy:
            self.group.remove()
            self.group.show([spec], source)

    def _placed(self) -> None:
        if self.context.source is not None:
            self.group.lay_under(self.context.source)

    def _moved(self, step: int) -> None:
        self.value.setText(f"{step / 100:.2f}")
        self.context.set_strength(step / 100)

    def _follow(self) -> None:
        """Show the strength that counts, such as 1 for another image."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(100 * self.context.strength))
        self.value.setText(f"{self.context.strength:.2f}")

    def _played(self, on: bool) -> None:
        self.play.setText("■" if on else "▶")
        self._going = 1
        if on:
            self.slider.setValue(0)
            self._timer.start()
        else:
            self._timer.stop()

    def _step(self) -> None:
        """Go on with the film: to learned and back to identity."""
        value = self.slider.value() + self._going * STEP
        if not 0 <= value <= 100:
            self._going = -self._going
            value = self.slider.value() + self._going * STEP
        self.slider.setValue(value)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 0, 4)
        layout.addWidget(self.warped)
        label = QLabel("&Strength of the warp")
        label.setBuddy(self.slider)
        layout.addWidget(label)
        row = QHBoxLayout()
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        layout.addLayout(row)
        layout.addWidget(_marks(self.play.width() + row.spacing()))
        layout.addWidget(self.boxes)


def _marks(left: int) -> QWidget:
    """Return the words under the slider: identity, learned, beyond."""
    marks = QWidget()
    row = QHBoxLayout(marks)
    row.setContentsMargins(left, 0, 30, 0)
    for text, share in (("identity", 50), ("half", 50), ("learned", 50)):
        row.addWidget(QLabel(text), share)
    row.addWidget(QLabel("1.5"))
    return marks


def _warped(session: Any, tile: int, chain: Any, level: int | None) -> np.ndarray:
    from dense_transformer.inspection import warped_image

    return np.asarray(warped_image(chain, session.pixels(tile), level=level))
