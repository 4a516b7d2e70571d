"""Inspect: where the image is bent, as fiducials, arrows and grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, QTimer
from qtpy.QtWidgets import QCheckBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_drawing import seen_length, tile_specs, warp_specs
from napari_dtn.layers import LayerSpec
from napari_dtn.tabs.inspect_section import InspectSection
from napari_dtn.tabs.ramp import ColourRamp

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain

BOXES = (
    ("tiles", "Tiles", "All tiles, faint, and the one looked at, bright.",
     ("tiles", "tile"), True),
    ("fiducials", "Fiducials", "Squares: where the fiducials stand on the regular "
     "lattice. Yellow discs: where the network has moved them to, to read there.",
     ("links", "lattice", "fiducials"), True),
    ("arrows", "Displacement", "Arrows from where a unit of the network stands to "
     "where it reads the image; coloured by length in pixels.", ("arrows",), True),
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
        self._drawn: tuple[Any, ...] = ()  # what is shown, but for where it bends
        self._lengthened = False  # by the person
        self._gone: set[str] = set()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._untick)
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
        self.lengthen.valueChanged.connect(self._lengthen)
        form = QFormLayout()
        label = QLabel("&Arrow length")
        label.setBuddy(self.lengthen)
        form.addRow(label, self.lengthen)
        form.addRow(self.ramp)
        self.boxes["arrows"].toggled.connect(self.ramp.setVisible)
        layout.addLayout(form)
        self.group.deleted.connect(self._deleted)

    def refresh(self) -> None:
        """Draw the tile's warp; what is not ticked stays hidden."""
        context = self.context
        session, source, chain = context.session, context.source, context.chain
        if session is None or source is None:
            return
        shown = self._shown()
        if chain is not None and self._drawn[:3] != (
            session,
            context.tile,
            context.level,
        ):
            self._suggest_length(chain)
        drawn = (session, context.tile, context.level, self.lengthen.value(), shown)
        if drawn == self._drawn and shown <= self.group.roles():
            self.bend()  # a look that follows a hand: 10 ms, where all takes 110
            return
        specs = tile_specs(session.tiles, context.tile, source)
        if chain is not None:
            specs += warp_specs(chain, context.level, source, self.lengthen.value())
            self._set_ramp(specs)
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
            specs = warp_specs(chain, level, source, lengthen)
            arrows = self._set_ramp(specs)
            layer: Any = self.group.layer("arrows")
            if layer is not None:
                layer.edge_contrast_limits = arrows.look["edge_contrast_limits"]
            self.group.bend(specs)

    def _set_ramp(self, specs: list[LayerSpec]) -> LayerSpec:
        """Say what the colours of the arrows mean; returns the arrows."""
        arrows = next(spec for spec in specs if spec.role == "arrows")
        self.ramp.set_range(*arrows.look["edge_contrast_limits"], "px")
        return arrows

    def clear(self) -> None:
        """Take the drawing away."""
        self._drawn = ()
        self.group.remove()

    def _suggest_length(self, chain: Chain) -> None:
        """Lengthen the arrows so that they are seen and don't cross one another."""
        if not self._lengthened:
            with QSignalBlocker(self.lengthen):
                self.lengthen.setValue(seen_length(chain, self.context.level))

    def _lengthen(self) -> None:
        self._lengthened = True
        self._refresh()

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
        """Untick what the person has deleted from the layer list.

        Not where the image goes too: then all is cleared, and the next image is to
        be drawn on as this one was. It may go after its drawings, so look later.
        """
        self._gone.add(role)
        self._later.start()

    def _untick(self) -> None:
        gone, self._gone = self._gone - self.group.roles(), set()
        if self.context.layer() is None:
            return
        for name, _, _, roles, _ in BOXES:
            if gone & set(roles):
                self.boxes[name].setChecked(False)
