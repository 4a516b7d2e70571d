"""Inspect: what the network reads for the pixel under the cursor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
)

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_layers import redraw
from napari_dtn.inspect_patches import (
    COLUMNS,
    HINTS,
    patch_colours,
    patch_row,
    patch_segments,
    patch_spec,
    pinned_specs,
)
from napari_dtn.inspect_tiles import Px
from napari_dtn.inspect_words import describe_patch
from napari_dtn.tabs.figure_table import FigureTable
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.inspect_section import InspectSection

if TYPE_CHECKING:
    from dense_transformer.inspection import LearnedPatch

INVITATION = "Move the mouse over the image. A click pins the patch."
TOO_MANY = 50  # pins; the first one goes


class PatchSection(InspectSection):
    """Draws the learned patch under the cursor, and keeps those that are pinned."""

    title = "Learned patch under the cursor"
    hint = "The irregular area that the network reads for the pixel under the mouse."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.group = context.group("patch")
        self.pins = context.group("pins")
        self.pinned: list[Px] = []
        self._at: Px | None = None
        self.words = plain_label("Learned patch in words")
        self.words.setMinimumHeight(4 * self.words.fontMetrics().lineSpacing())
        self.size = QSpinBox()
        self.size.setRange(1, 31)
        self.size.setSingleStep(2)
        self.size.setValue(3)
        self.size.setSuffix(" units wide")
        self.size.setAccessibleName("Patch size")
        self.size.setToolTip(
            "Side of the patch on the network's own map: 3 units are what its next "
            "convolution reads."
        )
        self.every = QCheckBox("Every level")
        self.every.setToolTip(
            "Draw what each of the transformers reads, the deepest orange, the next "
            "ones green and pink. A level's patch is bent by all those above it."
        )
        self.table = FigureTable("Pinned patches", self._save, "learned-patches")
        self.table.file.setText("Export…")
        self.table.setToolTip(HINTS)
        self.unpin = QPushButton("Remove all pins")
        self.unpin.setToolTip("Forget the pinned patches.")
        self._lay_out()
        self.size.valueChanged.connect(self._refresh)
        self.every.toggled.connect(self._refresh)
        self.unpin.clicked.connect(self._unpin)
        context.pointer.hovered.connect(self._hovered)
        context.pointer.clicked.connect(self._clicked)
        context.chain_found.connect(self._found)

    def refresh(self) -> None:
        """Draw the patch and the pins on the warps as they are now."""
        self.context.clicks_pin = True
        self.every.setVisible(len(self.context.levels) > 1)
        self._redraw()
        self._draw_pins()

    def bend(self) -> None:
        """Let patch and pins follow a hand."""
        self._redraw()
        source = self.context.source
        patches = [patch for at in self.pinned if (patch := self.patch(at))]
        if source is not None and patches:
            self.pins.bend(pinned_specs(patches, source)[:1])

    def clear(self) -> None:
        """Take the drawings away; pins are of one image and model."""
        self.context.clicks_pin = False
        self.group.remove()
        self.pins.remove()
        self.pinned = []
        self._at = None
        self.words.setText(INVITATION)
        self.table.show_rows([], [])
        self.unpin.setVisible(False)

    def patch(self, at: Px, level: int | None = None) -> LearnedPatch | None:
        """Return the learned patch of a pixel; None while its tile isn't known.

        `level` is the transformer; None: the one that is looked at.
        """
        chain = self.context.chain_at(at)
        if chain is None:
            return None
        from dense_transformer.inspection import learned_patch

        return learned_patch(chain, at, level or self.context.level, self.size.value())

    def _patches(self, at: Px) -> list[LearnedPatch]:
        """Return what is drawn at a pixel: one level's patch, or those of all."""
        levels: tuple[int | None, ...] = (None,)
        if self.every.isChecked() and len(self.context.levels) > 1:
            levels = tuple(sorted(self.context.levels, reverse=True))
        found = [self.patch(at, level) for level in levels]
        return [patch for patch in found if patch is not None]

    def _hovered(self, at: Px | None) -> None:
        if self.active and at is not None:
            self._at = at
            self._redraw()

    def _redraw(self) -> None:
        source = self.context.source
        if not self.active or self._at is None or source is None:
            return
        patches = self._patches(self._at)
        if not patches:
            if self.context.chain is None:
                self.group.remove()
            self.words.setText("Looking at this tile…" if self.context.chain else "")
            return
        layer: Any = self.group.layer("patch")
        pieces = len(patch_colours(patches))
        if layer is not None and len(layer.data) == pieces:
            redraw(layer, patch_segments(patches, source))
        elif not self.group.busy:
            self.group.remove()
            self.group.show([patch_spec(patches, source)], source)
        self.words.setText(_in_words(patches))

    def _clicked(self, at: Px, modifiers: tuple[Any, ...]) -> None:
        if self.active and "Shift" not in modifiers and self.context.chain is not None:
            self.pinned = [*self.pinned, at][-TOO_MANY:]
            self._draw_pins()

    def _found(self) -> None:
        """Draw what waited for the warps of another tile."""
        self._redraw()
        if self.active and self.pinned:
            self._draw_pins()

    def _draw_pins(self) -> None:
        source = self.context.source
        found = [(at, self.patch(at)) for at in self.pinned]
        patches = [patch for _, patch in found if patch is not None]
        rows = [(str(n + 1), patch_row(patch)) for n, patch in enumerate(patches)]
        self.table.show_rows(COLUMNS, rows, [describe_patch(p) for p in patches])
        self.unpin.setVisible(bool(rows))
        if source is not None:
            self.pins.show(pinned_specs(patches, source), source)

    def _unpin(self) -> None:
        self.pinned = []
        self._draw_pins()

    def _save(self, path: Path) -> None:
        from dense_transformer.inspection.export.tables import write_patches

        patches = [patch for at in self.pinned if (patch := self.patch(at)) is not None]
        try:
            write_patches(path, patches)
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self.context.fail(error)
            return
        self.context.say(f"Wrote {path}.")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 0, 4)
        legend = QLabel(
            "<span style='color:#ff6b00'>▬</span> what the network reads &nbsp; "
            "<span style='color:#ffffff; background:#444'>&nbsp;▬&nbsp;</span> what a "
            "plain U-Net reads"
        )
        legend.setToolTip(
            "Both are the areas of the same units: bent by the learned warp, and "
            "without it."
        )
        legend.setWordWrap(True)
        form = QFormLayout()
        label = QLabel("&Patch")
        label.setBuddy(self.size)
        form.addRow(label, self.size)
        form.addRow("", self.every)
        layout.addLayout(form)
        layout.addWidget(legend)
        layout.addWidget(self.words)
        layout.addWidget(self.table)
        row = QHBoxLayout()
        row.addWidget(self.unpin)
        row.addStretch()
        layout.addLayout(row)
        self.words.setText(INVITATION)
        self.unpin.setVisible(False)


def _in_words(patches: list[LearnedPatch]) -> str:
    if len(patches) == 1:
        return describe_patch(patches[0])
    return "\n".join(f"Level {p.level}: {describe_patch(p)}" for p in patches)
