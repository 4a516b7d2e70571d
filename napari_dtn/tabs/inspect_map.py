"""A section with one map at a time over the image, and marks on top of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_maps import MAPS, adapts, colours_of
from napari_dtn.layers import LayerSpec
from napari_dtn.tabs.inspect_follower import Follower, Work
from napari_dtn.tabs.ramp import ColourRamp


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a map section has computed.

    Attributes
    ----------
    report : object
        What the core found, kept until the warp changes.
    specs : tuple of LayerSpec
        The chosen map and the marks.
    words : str
        What is to be said.
    """

    report: Any
    specs: tuple[LayerSpec, ...]
    words: str


class MapSection(Follower):
    """A list of maps, a box for the marks, the meaning of the colours, and words.

    Subclasses say which maps there are, and compute `Drawn`.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    marks: ClassVar[tuple[str, str]] = ("", "")  # text of the box and its hint
    mark_role: ClassVar[str] = ""
    nothing = "This model is a plain U-Net: it bends nothing, so there is no map."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self._kept: tuple[Any, Any] | None = None  # key, report
        self.choice = QComboBox()
        self.choice.setAccessibleName(f"{self.title}: map")
        for kind in self.kinds:
            words = MAPS[kind].words
            self.choice.addItem(words[0].upper() + words[1:], kind)
        self.choice.addItem("No map", "")
        self.box = QCheckBox(self.marks[0])
        self.box.setToolTip(self.marks[1])
        self.box.setChecked(True)
        self.ramps = {kind: ColourRamp(colours_of(kind)) for kind in self.kinds}
        form = QFormLayout()
        label = QLabel("&Map")
        label.setBuddy(self.choice)
        form.addRow(label, self.choice)
        for ramp in self.ramps.values():
            form.addRow(ramp)
        self.form = form
        self.column.addLayout(form)
        self.column.addWidget(self.box)
        self.choice.currentIndexChanged.connect(self._chosen)
        self.box.toggled.connect(self._refresh)
        context.group(self.name).deleted.connect(self._deleted)
        self._say_choice()

    @property
    def kind(self) -> str:
        """The map that is chosen; empty: none."""
        return str(self.choice.currentData())

    def make(self, report: Any, chain: Any, level: int) -> Work:
        """Return what computes `Drawn`; `report` is None where the warp is new."""
        raise NotImplementedError

    def order(self) -> tuple[Any, Work] | None:
        """Depends on the tile's warps, the level, the map and the marks."""
        context = self.context
        chain, level = context.chain, context.level
        if chain is None or context.source is None:
            return None
        level = chain.levels[-1] if level is None else level
        warp = (chain, level, context.source)
        report = None
        if self._kept is not None and self._kept[0] == warp:
            report = self._kept[1]
        key = (*warp, self.kind, self.box.isChecked())
        return key, self.make(report, chain, level)

    def bend(self) -> None:
        """Follow the hand: a map takes a few milliseconds."""
        self.refresh()

    def show_result(self, result: Drawn) -> None:
        """Show map, marks, range of the colours and words."""
        self.words.setText(result.words)
        for spec in result.specs:
            if spec.role in self.ramps:
                self.ramps[spec.role].set_range(
                    *spec.look["contrast_limits"], MAPS[spec.role].unit
                )
        self.place(result.specs)
        group = self.context.group(self.name)
        for spec in result.specs:  # an update leaves the look to the person
            layer: Any = group.layer(spec.role)
            limits = spec.look.get("contrast_limits")
            if layer is not None and limits and adapts(spec.role):
                layer.contrast_limits = limits

    def _answered(self, key: Any, result: Any) -> None:
        self._kept = key[:3], result.report
        super()._answered(key, result)

    def clear(self) -> None:
        """Show nothing, and forget what was computed."""
        super().clear()
        self._kept = None

    def _chosen(self) -> None:
        self._say_choice()
        self._refresh()

    def _say_choice(self) -> None:
        for kind, ramp in self.ramps.items():
            ramp.setVisible(kind == self.kind)
        self.choice.setToolTip(MAPS[self.kind].hint if self.kind else "")

    def _deleted(self, role: str) -> None:
        """Choose no map where the person has deleted it from the layer list."""
        if role == self.kind:
            self.choice.setCurrentIndex(self.choice.count() - 1)
        elif role == self.mark_role:
            self.box.setChecked(False)
