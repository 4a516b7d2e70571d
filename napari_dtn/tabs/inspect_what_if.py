"""Inspect: drag a fiducial, and see what the network makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QPushButton,
    QVBoxLayout,
)

from dense_transformer.types import Prediction, Progress
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_layers import plane
from napari_dtn.inspect_pointer import Grip
from napari_dtn.inspect_tiles import Px
from napari_dtn.layers import LayerSpec
from napari_dtn.looks import LOOKS
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.inspect_results import ResultBoxes, TileResults
from napari_dtn.tabs.inspect_section import InspectSection

REACH = 14  # screen px around a fiducial in which a press takes hold of it
INVITATION = (
    "Drag a yellow disc in the image: mesh, patches and prediction follow. What you "
    "change here is never saved into the model."
)
WARPS = "Edited warps (*.json)"


class WhatIfSection(InspectSection):
    """Fiducials that can be dragged, with undo, and a file to keep them."""

    title = "What if a fiducial stood elsewhere"
    hint = "Drag fiducials and see mesh, patches, coverage and prediction follow."

    def __init__(self, context: InspectContext, results: TileResults) -> None:
        super().__init__(context)
        self.group = context.group("what if")
        self._results = results
        self.history: Any = None  # EditHistory; torch is not imported before a look
        self._wanted: tuple[int, Px] | None = None
        self._amend = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._drag)
        self._predicter = context.runner()
        self._predicter.succeeded.connect(self._predicted)
        self._predicter.progressed.connect(self._progress)
        self.words = plain_label("What to do")
        self.words.setText(INVITATION)
        self.boxes = ResultBoxes(context, results)
        self.undo = _button("Undo", "Take the last drag back.")
        self.redo = _button("Redo", "Do again what was undone.")
        self.reset = _button("Reset", "Put all fiducials back to where they were.")
        self.save = _button("Save warp…", "Keep the changed warps in a file.")
        self.open = _button("Open warp…", "Use changed warps of a file.")
        self.predict = _button(
            "Predict with it", "Predict the whole image with the changed warps."
        )
        self._lay_out()
        self.undo.clicked.connect(lambda: self._go(self.history.undo()))
        self.redo.clicked.connect(lambda: self._go(self.history.redo()))
        self.reset.clicked.connect(lambda: self._go(self.history.reset()))
        self.save.clicked.connect(self._ask_save)
        self.open.clicked.connect(self._ask_open)
        self.predict.clicked.connect(self._predict)
        context.pointer.add_grip(self._take_hold)
        context.changed.connect(self._forget)

    def set_active(self, active: bool) -> None:
        """Let fiducials be dragged; at rest the warp is as learned."""
        super().set_active(active)
        self._results.use(self, active)
        if not active:
            self._forget()
            self.context.set_edits(())

    def refresh(self) -> None:
        """Show what can be done now."""
        if self.history is None:
            from dense_transformer.inspection import EditHistory

            self.history = EditHistory()
        can = self.history
        self.undo.setEnabled(can.can_undo)
        self.redo.setEnabled(can.can_redo)
        for button in (self.reset, self.save, self.predict):
            button.setEnabled(bool(can.edits))

    def clear(self) -> None:
        """Take the prediction with changed warps away."""
        self._predicter.stop()
        self.group.remove()

    def shut_down(self) -> None:
        """Let go. May be called twice."""
        if isalive(self._timer):  # Qt may have taken it with the window
            self._timer.stop()

    # dragging

    def _take_hold(self, at: Px, px_per_screen_px: float) -> Grip | None:
        chain = self.context.chain
        if not self.active or chain is None or self.history is None:
            return None
        places = chain.fiducials_px(self.context.level)
        distance = np.linalg.norm(places - np.array(at), axis=1)
        index = int(distance.argmin())
        if distance[index] > REACH * px_per_screen_px:
            return None
        # The hand rarely hits the middle; the disc does not jump to it.
        off = places[index] - np.array(at)
        self._amend = False

        def moved(px: Px) -> None:
            self._wanted = index, (px[0] + off[0], px[1] + off[1])
            if not self._timer.isActive():
                self._timer.start()

        return Grip(moved, lambda px: self._drag())

    def _drag(self) -> None:
        """Bring the fiducial to where the hand is now."""
        chain, wanted, self._wanted = self.context.chain, self._wanted, None
        if chain is None or wanted is None or not self.active:
            return
        from dense_transformer.inspection import move_fiducial

        index, px = wanted
        level = self.context.level
        edit = move_fiducial(chain.warp(level), index, px, chain=chain)
        self.history = self.history.do(edit, amend=self._amend)
        self._amend = True
        self.context.set_edits(self.history.edits)

    # what was done

    def _go(self, history: Any) -> None:
        self.history = history
        self.context.set_edits(history.edits)
        self.refresh()

    def _forget(self) -> None:
        self.history = None
        self._wanted = None
        self.words.setText(INVITATION)

    def _ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save changed warps", "warp.json", WARPS
        )
        if path:
            self.save_to(Path(path))

    def save_to(self, path: Path) -> None:
        """Write the changed warps, as `dtn predict --warp` takes them."""
        from dense_transformer.inference import write_edits

        request = self.context.request
        if request is None:
            return
        image = request.source.image.name
        try:
            write_edits(path, self.context.edits, model=request.model, image=image)
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self.context.fail(error)
            return
        self.words.setText(f"Wrote {path}. Use it with: dtn predict --warp {path}")

    def _ask_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open changed warps", "", WARPS)
        if path:
            self.open_from(Path(path))

    def open_from(self, path: Path) -> None:
        """Use the changed warps of a file."""
        from dense_transformer.inference import read_edits
        from dense_transformer.inference.edits import check_edits

        try:
            history = self.history
            edits = read_edits(path)
            check_edits(edits, self.context.session.model.config)
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self.context.fail(error)
            return
        for edit in edits:
            history = history.do(edit)
        self._go(history)

    # the whole image

    def _predict(self) -> None:
        context = self.context
        request, core, edits = context.request, context.core, context.edits
        if request is not None:
            self.words.setText("Predicting the whole image with these warps…")
            context.run(
                self._predicter, "what if", lambda s: core.predict(request, s, edits)
            )

    def _progress(self, progress: Progress) -> None:
        self.words.setText(
            f"Predicting the whole image with these warps: tile {progress.done} of "
            f"{progress.total}…"
        )

    def _predicted(self, job: object, prediction: Prediction) -> None:
        source = self.context.source
        if source is None or not self.active:
            return
        data = plane(prediction.probability, source)
        offset = [*source.lead, *([source.section] if source.frame.ndim > 2 else [])]
        frame = source.frame.placed([*map(float, offset), 0.0, 0.0])
        look = LOOKS["boundary probability"]
        name = "inspect: prediction with changed warps"
        self.group.show([LayerSpec("image", "whole", name, data, frame, look)], source)
        self.words.setText("Shown: the whole image, predicted with these warps.")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 0, 4)
        layout.addWidget(self.words)
        grid = QGridLayout()
        buttons = (
            self.undo, self.redo, self.reset, self.save, self.open, self.predict,
        )  # fmt: skip
        for number, button in enumerate(buttons):
            grid.addWidget(button, number // 3, number % 3)
        layout.addLayout(grid)
        layout.addWidget(self.boxes)


def _button(text: str, words: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(words)
    button.setAccessibleName(text)
    return button
