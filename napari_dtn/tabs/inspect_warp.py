"""Inspect: where the image is bent, as fiducials, arrows and grid."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QCheckBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_drawing import tile_specs, warp_specs
from napari_dtn.layers import LayerSpec
from napari_dtn.tabs.inspect_section import InspectSection
from napari_dtn.tabs.ramp import ColourRamp

BOXES = (
    ("tiles", "Tiles", "All tiles, faint, and the one looked at, bright.",
     ("tiles", "tile"), True),
    ("fiducials", "Fiducials", "Squares: where the fiducials stand on the regular "
     "lattice. Yellow discs: where the network has moved them to, to read there.",
     ("links", "lattice", "fiducials"), True),
    ("arrows", "Displacement", "Arrows from where a unit of the network stands to "
     "where it reads the image; coloured by length in pixels.", ("arrows",), False),
    ("grid", "Warped grid", "Straight lines of the network's view, as they run in "
     "the image: narrow cells are magnified, wide cells shrunk.", ("grid",), True),
)  # fmt: skip


class WarpSection(InspectSection):
    """Draws the warp of the tile that is looked at, in the frame of the image."""

    title = "Where space is bent"
    hint = "Fiducials, displacement and warped grid of the tile, drawn in the image."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.group = context.group("warp")
        self.boxes: dict[str, QCheckBox] = {}
        self._drawn: object = None  # what the layers show, but for where they bend
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 0, 4)
        for name, text, words, _, on in BOXES:
            box = QCheckBox(text)
            box.setToolTip(words)
            box.setChecked(on)
            box.toggled.connect(self._refresh)
            layout.addWidget(box)
            self.boxes[name] = box
        self.ramp = ColourRamp("plasma")
        self.lengthen = QSpinBox()
        self.lengthen.setRange(1, 50)
        self.lengthen.setPrefix("× ")
        self.lengthen.setAccessibleName("Arrow length")
        self.lengthen.setToolTip(
            "Draw the arrows so many times as long as the shift really is, to see "
            "small ones; their colours tell the true length."
        )
        self.lengthen.valueChanged.connect(self._refresh)
        form = QFormLayout()
        label = QLabel("&Arrow length")
        label.setBuddy(self.lengthen)
        form.addRow(label, self.lengthen)
        form.addRow(self.ramp)
        self.boxes["arrows"].toggled.connect(self.ramp.setVisible)
        self.ramp.setVisible(False)
        layout.addLayout(form)
        self.group.deleted.connect(self._deleted)

    def refresh(self) -> None:
        """Draw the tile's warp; what is not ticked stays hidden."""
        context = self.context
        session, source, chain = context.session, context.source, context.chain
        if session is None or source is None:
            return
        shown = self._shown()
        drawn = (session, context.tile, context.level, self.lengthen.value(), shown)
        if drawn == self._drawn and shown <= self.group.roles():
            self.bend()  # a look that follows a hand: 10 ms, where all takes 110
            return
        specs = tile_specs(session.tiles, context.tile, source)
        if chain is not None:
            specs += warp_specs(chain, context.level, source, self.lengthen.value())
            arrows = next(s for s in specs if s.role == "arrows")
            self.ramp.set_range(0, float(arrows.features["length_px"].max()), "px")
        wanted = [s for s in specs if s.role in shown or self.group.layer(s.role)]
        self.group.show(wanted, source)
        for spec in wanted:
            self._set_up(spec, spec.role in shown)
        self._drawn = drawn

    def bend(self) -> None:
        """Let the drawing follow a hand."""
        chain, source = self.context.chain, self.context.source
        if chain is not None and source is not None:
            level, lengthen = self.context.level, self.lengthen.value()
            self.group.bend(warp_specs(chain, level, source, lengthen))

    def clear(self) -> None:
        """Take the drawing away."""
        self._drawn = None
        self.group.remove()

    def _shown(self) -> set[str]:
        return {
            role
            for name, _, _, roles, _ in BOXES
            if self.boxes[name].isChecked()
            for role in roles
        }

    def _set_up(self, spec: LayerSpec, visible: bool) -> None:
        """Bring a layer that is there to what `place_layer` leaves to the person."""
        layer: Any = self.group.layer(spec.role)
        if layer is None:
            return
        layer.visible = visible
        if spec.role == "arrows":
            layer.edge_contrast_limits = spec.look["edge_contrast_limits"]

    def _deleted(self, role: str) -> None:
        """Untick what the person has deleted from the layer list."""
        for name, _, _, roles, _ in BOXES:
            if role in roles:
                self.boxes[name].setChecked(False)
