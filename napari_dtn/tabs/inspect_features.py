"""Inspect: the features before and after a transformer and its decoder."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QSpinBox

from napari_dtn.forms import narrow
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_features import STAGES, describe_features, feature_spec
from napari_dtn.layers import LayerSpec
from napari_dtn.tabs.inspect_follower import Follower, Work

COLOURS = -1  # the channel that stands for three components as colours


class FeaturesSection(Follower):
    """One stage at a time, as three components in colours or as one channel."""

    name = "features"
    title = "Features before and after"
    hint = "What the transformer is given, what it makes of it, what the decoder does."
    nothing = "This model is a plain U-Net: it has no transformer to look around."

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self._kept: tuple[Any, Any] | None = None  # what they are of, FeatureMaps
        self.stage = QComboBox()
        self.stage.setAccessibleName("Features of")
        self.stage.setToolTip("On which side of the transformer the features lie.")
        for key, text, hint in STAGES:
            self.stage.addItem(text, key)
            self.stage.setItemData(self.stage.count() - 1, hint, 3)  # Qt.ToolTipRole
        self.channel = QSpinBox()
        self.channel.setRange(COLOURS, COLOURS)
        self.channel.setSpecialValueText("3 components as colours")
        self.channel.setAccessibleName("Channel")
        self.channel.setToolTip(
            "One of the channels, or the three directions in which all of them vary "
            "most as red, green and blue."
        )
        self.channel.setKeyboardTracking(False)
        narrow(self.channel)
        self.unbend = QCheckBox("Draw warped features where they belong")
        self.unbend.setToolTip(
            "Off: on the regular lattice on which the network works. On: each where "
            "it was read in the image."
        )
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, widget in (("&Stage", self.stage), ("&Channel", self.channel)):
            label = QLabel(text)
            label.setBuddy(widget)
            form.addRow(label, widget)
        self.column.addLayout(form)
        self.column.addWidget(self.unbend)
        self.column.addWidget(self.words)
        self.column.addWidget(self.remover())
        self.stage.currentIndexChanged.connect(self._refresh)
        self.channel.valueChanged.connect(self._refresh)
        self.unbend.toggled.connect(self._refresh)

    def order(self) -> tuple[Any, Work] | None:
        """Depends on the tile as it is, the level, the stage and the channel."""
        context = self.context
        chain, level, source = context.chain, context.level, context.source
        if chain is None or source is None:
            return None
        session, tile, edits = context.session, context.tile, context.edits
        level = chain.levels[-1] if level is None else level
        stage, unbend = self.stage.currentData(), self.unbend.isChecked()
        number = self.channel.value()
        channel = None if number == COLOURS else number
        of = (context.look, level, channel)
        kept = self._kept[1] if self._kept and self._kept[0] == of else None

        def work() -> tuple[Any, Any, LayerSpec, str]:
            from dense_transformer.inspection import features

            maps = kept or features(session, tile, level, channel=channel, edits=edits)
            spec = feature_spec(maps, stage, chain, unbend, source)
            return of, maps, spec, describe_features(maps, stage)

        return (*of, stage, unbend, source), work

    def show_result(self, result: tuple[Any, Any, LayerSpec, str]) -> None:
        """Show the picture and say what it shows."""
        of, maps, spec, words = result
        self._kept = of, maps
        self.words.setText(words)
        self.channel.setMaximum(maps.channels - 1)
        self.place([spec])
        layer = self.context.group(self.name).layer(spec.role)
        if layer is not None and "contrast_limits" in spec.look:
            layer.contrast_limits = spec.look["contrast_limits"]

    def clear(self) -> None:
        """Show nothing, and forget the features."""
        super().clear()
        self._kept = None
